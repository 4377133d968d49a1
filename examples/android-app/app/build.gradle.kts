plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "dev.pocketfit.example"
    compileSdk = 35

    defaultConfig {
        applicationId = "dev.pocketfit.example"
        minSdk = 24
        targetSdk = 35
        versionCode = 1
        versionName = "1.0"
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
    }

    // One app for each runtime: they are named as manifest.json names the formats.
    flavorDimensions += "runtime"
    productFlavors {
        create("lite") { dimension = "runtime" }
        create("executorch") { dimension = "runtime" }
    }

    // artifacts/head/ of `pocketfit export --out model`: the models, manifest.json and the golden tensors.
    sourceSets["main"].assets.srcDir("../model/artifacts")

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
    kotlinOptions {
        jvmTarget = "11"
    }
}

dependencies {
    "liteImplementation"("org.pytorch:pytorch_android_lite:1.12.2")
    "executorchImplementation"("org.pytorch:executorch-android:1.3.1")

    androidTestImplementation("androidx.test:runner:1.6.2")
    androidTestImplementation("androidx.test.ext:junit:1.2.1")
}
