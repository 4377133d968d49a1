# The Android side: `make android` builds build/android, `make android-test` runs its unit tests.
# A mirror of the registry is set where Maven looks for it, settings.xml; MVN_FLAGS=-o builds from its cache.
# OLDER=1 adds ExecuTorch 1.0 and 1.1, for `runtimes` in the configuration: 63 MB more to fetch, 70 on disk. A folder that
# has them is built with them again; OLDER= builds without.
# Other versions: make -B android MVN_FLAGS="-Dpytorch.lite.version=1.9.0 -Dpytorch.full.version=1.9.0"
MVN ?= mvn -B -q -Dstyle.color=never
MVN_FLAGS ?=
ANDROID_OUT := build/android
ANDROID_SOURCES := $(shell find src/android -type f -not -path '*/__pycache__/*')

OLDER ?= $(shell grep -qs '"older"' $(ANDROID_OUT)/runtimes.json && echo 1)
PROFILES = $(if $(OLDER),$(comma)older)
comma := ,

PACKAGE = $(MVN) -f src/android/pom.xml package -Dandroid.out=$(abspath $(ANDROID_OUT)) $(MVN_FLAGS)

.PHONY: android android-test

android: $(ANDROID_OUT)/runtimes.json

# What Maven's log says is wrong, without where it stopped.
ERROR = sed -n 's/.*assemble\.xml:[0-9]*: //p; s/ in [a-z].*//; s/.*\[ERROR\] Failed to execute goal.* on project android: //p' $(ANDROID_OUT).log \
	| grep -v 'The following error occurred' | head -n 1 | cut -c 1-500

# The build writes this file last. ExecuTorch's official archive is not on every registry, nor is npm on every machine:
# without them the rest is built. But a file that is not the one that was pinned ends it.
$(ANDROID_OUT)/runtimes.json: $(ANDROID_SOURCES) $(if $(OLDER),$(shell grep -qs '"older"' $(ANDROID_OUT)/runtimes.json || echo FORCE))
	@echo "building the Android side, a minute: the first time fetches its libraries, 190 MB; 550 MB on disk"
	@mkdir -p $(ANDROID_OUT)
	@for from in official npm; do \
		$(PACKAGE) -Pexecutorch,$$from$(PROFILES) >$(ANDROID_OUT).log 2>&1 && { sed -n 's/.*\[echo\] *//p' $(ANDROID_OUT).log; exit 0; }; \
		if grep -q 'is not the file that src/android/checksums.properties names' $(ANDROID_OUT).log; then $(ERROR); exit 1; fi; \
	done; \
	if [ -n "$(OLDER)" ]; then echo "OLDER=1: $$($(ERROR)) (all of it: $(ANDROID_OUT).log)" >&2; exit 1; fi; \
	echo "without ExecuTorch's Android runtime, so that a .pte is tried on the host alone:" "$$($(ERROR))" "(all of it: $(ANDROID_OUT).log)"; \
	$(PACKAGE)

.PHONY: FORCE
FORCE:

android-test:
	mvn -B -f src/android/pom.xml test $(MVN_FLAGS)
	@rm -rf build/maven/aar
