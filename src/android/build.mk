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

# A phone's architecture. On a machine of it Android's libraries run as they are; another one builds the layer with a
# cross compiler, and runs them in a small JVM for arm64 under qemu-user.
ARM64_JVM := build/arm64-jvm
ARM64_CC := aarch64-linux-gnu-gcc
MACHINE := $(shell uname -m)
ifeq ($(MACHINE),aarch64)
ABI_FLAGS := -Ddesktop.abi=arm64-v8a
else
ABI_FLAGS = $(if $(shell command -v $(ARM64_CC)),-Darm64.cc=$(ARM64_CC) $(if $(shell ls $(ARM64_JVM)/packages.txt 2>/dev/null),-Darm64.jvm=$(abspath $(ARM64_JVM))))
endif

PACKAGE = $(MVN) -f src/android/pom.xml package -Dandroid.out=$(abspath $(ANDROID_OUT)) $(ABI_FLAGS) $(MVN_FLAGS)

.PHONY: android android-test

android: $(ANDROID_OUT)/runtimes.json

# What Maven's log says is wrong, without where it stopped.
ERROR = sed -n 's/.*assemble\.xml:[0-9]*: //p; s/ in [a-z].*//; s/.*\[ERROR\] Failed to execute goal.* on project android: //p' $(ANDROID_OUT).log \
	| grep -v 'The following error occurred' | head -n 1 | cut -c 1-500

# Fetched once; make -B fetches it anew. It may be had or not, and the rest is built anyway.
$(ARM64_JVM)/packages.txt: src/android/jvm/fetch.py
ifneq ($(MACHINE),aarch64)
	@mkdir -p build
	@if ! command -v $(ARM64_CC) >/dev/null; then \
		echo "without arm64-v8a, so that models are tried on $(MACHINE)'s libraries alone: $(ARM64_CC) is not here (Debian's gcc-aarch64-linux-gnu and libc6-dev-arm64-cross)"; \
	elif ! python3 src/android/jvm/fetch.py --java-home "$$(dirname "$$(dirname "$$(readlink -f "$$(command -v javac)")")")" --out $(ARM64_JVM) 2>$(ARM64_JVM).log; then \
		echo "without arm64-v8a, so that models are tried on $(MACHINE)'s libraries alone: no JVM for it can be put together: $$(tail -n 1 $(ARM64_JVM).log)"; \
	fi
endif

# The build writes this file last. ExecuTorch's official archive is not on every registry, nor is npm on every machine:
# without them the rest is built. But a file that is not the one that was pinned ends it.
$(ANDROID_OUT)/runtimes.json: $(ANDROID_SOURCES) $(if $(OLDER),$(shell grep -qs '"older"' $(ANDROID_OUT)/runtimes.json || echo FORCE)) | $(ARM64_JVM)/packages.txt
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
