package dev.pocketfit.example;

/** What a model says of one input, and how long it takes. */
public final class Prediction {

    private static final int RUNS = 20;

    /** The place of the highest score: the class, by its number. */
    public final int label;

    /** The mean time of a run, after a first one that is not counted. */
    public final double milliseconds;

    private Prediction(int label, double milliseconds) {
        this.label = label;
        this.milliseconds = milliseconds;
    }

    public static Prediction of(Classifier classifier, float[] values, long[] shape) {
        float[] scores = classifier.scores(values, shape);
        long start = System.nanoTime();
        for (int run = 0; run < RUNS; ++run) {
            classifier.scores(values, shape);
        }
        return new Prediction(highest(scores), (System.nanoTime() - start) / 1e6 / RUNS);
    }

    private static int highest(float[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; ++i) {
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }
}
