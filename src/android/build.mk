# The Android side: `make android` builds build/android, `make android-test` runs its unit tests.
# A mirror of the registry is set where Maven looks for it, settings.xml; MVN_FLAGS=-o builds from its cache.
# Other versions: make -B android MVN_FLAGS="-Dpytorch.lite.version=1.9.0 -Dpytorch.full.version=1.9.0"
MVN ?= mvn -B -q -Dstyle.color=never
MVN_FLAGS ?=
ANDROID_OUT := build/android
ANDROID_SOURCES := $(shell find src/android -type f -not -path '*/__pycache__/*')

.PHONY: android android-test

android: $(ANDROID_OUT)/runtimes.json

# The build writes this file last.
$(ANDROID_OUT)/runtimes.json: $(ANDROID_SOURCES)
	@echo "building the Android side: the first time fetches its libraries, 150 MB"
	@$(MVN) -f src/android/pom.xml package -Dandroid.out=$(abspath $(ANDROID_OUT)) $(MVN_FLAGS)

android-test:
	mvn -B -f src/android/pom.xml test $(MVN_FLAGS)
