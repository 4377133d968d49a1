package dev.pocketfit.example

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import org.junit.Assert.assertArrayEquals
import org.junit.Test
import org.junit.runner.RunWith

@RunWith(AndroidJUnit4::class)
class GoldenTest {

    @Test
    fun computesWhatPyTorchDid() {
        val context = InstrumentationRegistry.getInstrumentation().targetContext
        val exported = Exported.find({ context.assets.open(it) }, "head", Classifier.FORMAT)
        Classifier(exported.assetFilePath(context.filesDir)).use { classifier ->
            val scores = classifier.scores(exported.input(), exported.inputShape())
            assertArrayEquals(exported.output(), scores, 1e-3f)
        }
    }
}
