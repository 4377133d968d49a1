package dev.pocketfit.example;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** One model of an exported folder, as its manifest.json describes it. It uses no class of Android's own but JSON. */
public final class Exported {

    /** Opens a file of the folder by its name: `assets.open(...)` in an app. */
    public interface Files {
        InputStream open(String name) throws IOException;
    }

    private final Files files;
    private final String folder;
    private final JSONObject entry;

    private Exported(Files files, String folder, JSONObject entry) {
        this.files = files;
        this.folder = folder;
        this.entry = entry;
    }

    /** The first model of this format. */
    public static Exported find(Files files, String folder, String format) throws IOException, JSONException {
        byte[] manifest = read(files, folder + "/manifest.json");
        JSONArray artifacts = new JSONObject(new String(manifest, StandardCharsets.UTF_8)).getJSONArray("artifacts");
        for (int i = 0; i < artifacts.length(); ++i) {
            JSONObject entry = artifacts.getJSONObject(i);
            if (entry.getString("format").equals(format)) {
                return new Exported(files, folder, entry);
            }
        }
        throw new IOException(folder + "/manifest.json has no model of the format " + format);
    }

    /**
     * The path of the model as a file, since runtimes can't open assets. It is copied once: its name is its hash, so
     * that an app with a new model doesn't go on with the old one.
     */
    public String assetFilePath(File filesDir) throws IOException, JSONException {
        File target = new File(filesDir, entry.getString("sha256"));
        if (!target.exists()) {
            File unfinished = new File(filesDir, target.getName() + ".unfinished");
            try (OutputStream stream = new FileOutputStream(unfinished)) {
                stream.write(read(files, folder + "/" + entry.getString("file")));
            }
            if (!unfinished.renameTo(target)) {
                throw new IOException("can't write " + target);
            }
        }
        return target.getAbsolutePath();
    }

    /** The lengths of the golden input's dimensions. */
    public long[] inputShape() throws JSONException {
        JSONArray lengths = golden("inputs").getJSONArray("shape");
        long[] shape = new long[lengths.length()];
        for (int i = 0; i < shape.length; ++i) {
            shape[i] = lengths.getLong(i);
        }
        return shape;
    }

    /** The golden input: what the model was given when it was exported. */
    public float[] input() throws IOException, JSONException {
        return floats("inputs");
    }

    /** The golden output: what PyTorch computed of it. */
    public float[] output() throws IOException, JSONException {
        return floats("outputs");
    }

    private JSONObject golden(String which) throws JSONException {
        return entry.getJSONArray(which).getJSONObject(0);
    }

    private float[] floats(String which) throws IOException, JSONException {
        JSONObject tensor = golden(which);
        if (!tensor.getString("dtype").equals("float32")) {
            throw new IOException("this app reads float32, and " + which + " has " + tensor.getString("dtype"));
        }
        ByteBuffer bytes = ByteBuffer.wrap(read(files, folder + "/" + tensor.getString("file")));
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private static byte[] read(Files files, String name) throws IOException {
        try (InputStream stream = files.open(name)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            byte[] part = new byte[65_536];
            for (int count = stream.read(part); count != -1; count = stream.read(part)) {
                bytes.write(part, 0, count);
            }
            return bytes.toByteArray();
        }
    }
}
