package dev.pocketfit.example

import android.app.Activity
import android.os.Bundle
import android.view.Gravity
import android.widget.TextView
import kotlin.concurrent.thread

/** Shows what the model says of its golden input, and how long that takes. */
class MainActivity : Activity() {

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val view = TextView(this)
        view.textSize = 24f
        view.gravity = Gravity.CENTER
        setContentView(view)
        // Not on the main thread: loading a model takes long enough to be seen.
        thread {
            val text = predict()
            runOnUiThread { view.text = text }
        }
    }

    private fun predict(): String {
        val exported = Exported.find({ assets.open(it) }, "head", Classifier.FORMAT)
        Classifier(exported.assetFilePath(filesDir)).use { classifier ->
            val prediction = Prediction.of(classifier, exported.input(), exported.inputShape())
            return "%s: %d\n%.2f ms".format(Classifier.FORMAT, prediction.label, prediction.milliseconds)
        }
    }
}
