package dev.pocketfit;

/** Where a desktop JVM on Linux runs it, with Android's libraries on the compatibility layer. */
public final class Desktop {

    private Desktop() {}

    public static void main(String... words) {
        Main.run(words, true);
    }
}
