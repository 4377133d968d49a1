# The Android side: `make android` builds build/android, `make android-test` runs its unit tests.
# A mirror of the registry is set where Maven looks for it, settings.xml; MVN_FLAGS=-o builds from its cache.
# Other versions: make -B android MVN_FLAGS="-Dpytorch.lite.version=1.9.0 -Dpytorch.full.version=1.9.0"
MVN ?= mvn -B -q -Dstyle.color=never
MVN_FLAGS ?=
ANDROID_OUT := build/android
ANDROID_SOURCES := $(shell find src/android -type f -not -path '*/__pycache__/*')

PACKAGE = $(MVN) -f src/android/pom.xml package -Dandroid.out=$(abspath $(ANDROID_OUT)) $(MVN_FLAGS)

.PHONY: android android-test

android: $(ANDROID_OUT)/runtimes.json

# The build writes this file last. ExecuTorch's archive is not on every registry: without it the rest is built.
$(ANDROID_OUT)/runtimes.json: $(ANDROID_SOURCES)
	@echo "building the Android side, a minute: the first time fetches its libraries, 150 MB; 450 MB on disk"
	@mkdir -p $(ANDROID_OUT)
	@$(PACKAGE) -Pexecutorch >$(ANDROID_OUT).log 2>&1 || { \
		echo "without ExecuTorch's Android runtime, so that no .pte is tried on a device:" \
			"$$(sed -n 's/ in [a-z].*//; s/.*\[ERROR\] Failed to execute goal.* on project android: //p' $(ANDROID_OUT).log | head -n 1 | cut -c 1-300)" \
			"(all of it: $(ANDROID_OUT).log)"; \
		$(PACKAGE); }

android-test:
	mvn -B -f src/android/pom.xml test $(MVN_FLAGS)
	@rm -rf build/maven/aar
