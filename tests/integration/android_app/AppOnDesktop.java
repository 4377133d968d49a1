package dev.pocketfit;

import com.facebook.soloader.nativeloader.NativeLoader;
import dev.pocketfit.example.Classifier;
import dev.pocketfit.example.Exported;
import dev.pocketfit.example.Prediction;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/** The example app's own classes, in a desktop JVM on Android's libraries: RUNTIME LIBRARIES SHIM ASSETS FILES. */
public final class AppOnDesktop {

    private AppOnDesktop() {}

    public static void main(String... words) throws Exception {
        Libraries libraries = new DesktopLibraries(words[1], words[2]);
        NativeLoader.init(libraries);
        libraries.loadAll(Engine.of(words[0]).libraries());

        Path assets = Paths.get(words[3]);
        File files = new File(words[4]);
        Exported exported = Exported.find(name -> Files.newInputStream(assets.resolve(name)), "head", Classifier.FORMAT);
        String path = exported.assetFilePath(files);
        try (Classifier classifier = new Classifier(path)) {
            float[] scores = classifier.scores(exported.input(), exported.inputShape());
            float[] expected = exported.output();
            float difference = scores.length == expected.length ? 0 : Float.NaN;
            for (int i = 0; i < scores.length; ++i) {
                difference = Math.max(difference, Math.abs(scores[i] - expected[i]));
            }
            Prediction prediction = Prediction.of(classifier, exported.input(), exported.inputShape());
            System.out.println();
            System.out.printf("missing=%s%n", problem("lite", "[]", "onnx"));
            System.out.printf("dtype=%s%n", problem("lite", "[{\"dtype\": \"int64\"}]", "lite"));
            System.out.printf("path=%s%n", path);
            System.out.printf("again=%s%n", exported.assetFilePath(files));
            System.out.printf("scores=%d%n", scores.length);
            System.out.printf("difference=%s%n", difference);
            System.out.printf("label=%d%n", prediction.label);
            System.out.printf("milliseconds=%s%n", prediction.milliseconds);
        }
        System.out.flush();
        // As in Main: the runtime's threads are still alive.
        Runtime.getRuntime().halt(0);
    }

    /** What is said of a manifest with one model of `format`, where a model of `wanted` is looked for and its input read. */
    private static String problem(String format, String inputs, String wanted) {
        String manifest = "{\"artifacts\": [{\"format\": \"" + format + "\", \"inputs\": " + inputs + "}]}";
        byte[] bytes = manifest.getBytes(StandardCharsets.UTF_8);
        try {
            Exported.find(name -> new ByteArrayInputStream(bytes), "head", wanted).input();
            return "nothing";
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
