# The image of the action and of `docker run IMAGE COMMAND`. It builds with and without BuildKit; what changes
# seldom comes first, so that a rebuild after a change of ours takes seconds.
# By tag until the workflow "Pin the base image" has looked its digest up and a person has put it here: see SECURITY.md.
ARG BASE=python:3.11-slim-bookworm

# --- stage 1: the Android side -----------------------------------------------------------------------------
FROM ${BASE} AS android

# The folder for manual pages: slim images lack it, and Java's packages want to link into it.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        binutils default-jdk-headless gcc libc6-dev make maven \
        $([ "$(dpkg --print-architecture)" = arm64 ] || echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross) \
    && rm -rf /var/lib/apt/lists/*

# A JVM of the one module that the Java program needs, a quarter of Debian's, with the archive that has it start quickly:
# that holds the classes of a start, so that compressed ones, 10 MB less, cost it nothing.
RUN jlink --add-modules java.base --strip-debug --no-header-files --no-man-pages --compress=2 --output /opt/java \
    && /opt/java/bin/java -Xshare:dump \
    && cp /usr/share/doc/openjdk-*-jre-headless/copyright /opt/java/legal/

WORKDIR /build
# npm, for ExecuTorch's library, where Maven's registry does not have it: from a wheel, since
# Debian's comes with some hundred packages. It stays in this stage.
COPY requirements/npm.txt requirements/
RUN python -m venv /opt/npm && /opt/npm/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/npm.txt
COPY src/android/ src/android/
# What `make android` does, without the libraries of 32-bit phones, which nothing in a container runs. With OLDER=1 a .pte is also run on ExecuTorch 1.0 and 1.1; without, what they make of it is
# predicted: they would be 63 MB more for every build of the image, and 65 MB in it.
ARG OLDER=
RUN PATH="$PATH:/opt/npm/bin" make -f src/android/build.mk android OLDER="$OLDER" \
    && rm -rf build/android/*/jni/armeabi-v7a build/android/*/jni/x86

# --- stage 2: what runs ------------------------------------------------------------------------------------
FROM ${BASE}

# QEMU for a phone's libraries, of which only arm64's is kept: Debian 12's takes plugins, Debian 13's does not.
# Perl's library, 50 MB, is there for commands of git that nothing here calls (send-email, svn, cvs): Debian's own
# programs have perl-base. It goes file by file, so that apt, where it is used on top of this image, finds its packages
# whole. The same goes for git's servers and what sends by IMAP and WebDAV, 2 MB each. Licences stay:
# gather_licenses.py reads them.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        adb ca-certificates git git-lfs libstdc++6 zlib1g \
        $([ "$(dpkg --print-architecture)" = arm64 ] || echo qemu-user) \
    && find /usr/bin -name 'qemu-*' ! -name qemu-aarch64 -delete \
    && rm -rf /usr/bin/perl5.*-gnu /usr/lib/*-linux-gnu/libperl.so.* /usr/lib/*-linux-gnu/perl /usr/share/perl \
    && (cd /usr/lib/git-core && rm -f git-daemon git-http-backend git-http-push git-imap-send git-shell scalar) \
    && rm -f /usr/bin/git-shell /usr/bin/scalar \
    && find /usr/share/doc -type f ! -name copyright -delete \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /usr/share/info /usr/share/locale/* /usr/share/man

COPY --from=android /opt/java/ /usr/lib/jvm/pocketfit/
RUN ln -s /usr/lib/jvm/pocketfit/bin/java /usr/bin/java

# The workspace belongs to another user than ours, and HOME is not this image's: only the system's settings count.
# Nothing here needs a program that makes its caller another user.
RUN git config --system --add safe.directory '*' \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +

# An environment of our own: Debian refuses pip in the system's. Its setuptools would be replaced in the next layer, and
# pip is started where a repository has requirements of its own alone: 7 MB of it compiled are not worth a second there.
# (An argument, so that it holds while this is built alone; what pip installs it compiles all the same.)
ARG PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip uninstall --quiet --yes setuptools \
    && find /opt/venv -name __pycache__ -prune -exec rm -rf {} +
ENV PATH=/opt/venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /opt/pocketfit
COPY requirements/requirements.txt requirements/
RUN pip install --require-hashes -r requirements/requirements.txt \
    && cd /opt/venv/lib/python3*/site-packages \
    && find networkx numpy sympy -type d -name tests -prune -exec rm -rf {} +

# The CPU wheels are a fifth of the default ones; where their index does not answer, the default ones are taken, unless
# REQUIRE_CPU=1, as a release has it. What only compilers need goes, and torchao's tests, which it installs as `test`.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG REQUIRE_CPU=
COPY requirements/install-torch.sh requirements/torch*.txt requirements/executorch.txt requirements/
RUN requirements/install-torch.sh "${TORCH_INDEX}" pip \
    && pip install --no-deps --require-hashes -r requirements/executorch.txt \
    && if [ -n "${REQUIRE_CPU}" ]; then pip show torch | grep -E '^Version: .*[+]cpu$'; fi \
    && cd /opt/venv/lib/python3*/site-packages \
    && rm -rf test torch/include torch/bin/protoc*

COPY --from=android /build/build/android/ android/
COPY pyproject.toml README.md LICENSE ./
COPY src/pocketfit/ src/pocketfit/
RUN pip install --no-deps --no-build-isolation . && rm -rf build src

# Importable by name, since the program starts isolated (below).
COPY entrypoint/ entrypoint/
RUN echo /opt/pocketfit > "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pocketfit-entrypoint.pth"

ENV POCKETFIT_ANDROID=/opt/pocketfit/android

COPY tools/gather_licenses.py /opt/pocketfit/
RUN python gather_licenses.py /usr/share/licenses android/notices \
    && cp -r /usr/lib/jvm/pocketfit/legal /usr/share/licenses/openjdk \
    && rm gather_licenses.py

ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Pocketfit" \
      org.opencontainers.image.description="Tells a pull request what it does to the phone: PyTorch models, built, proved and weighed for Android" \
      org.opencontainers.image.source="https://github.com/pocketfit/pocketfit" \
      org.opencontainers.image.licenses="BSD-3-Clause" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# For people: docker run --volume "$PWD:/work" IMAGE ... GitHub sets its own.
WORKDIR /work

# Isolated (-I): neither the workspace, where this starts, nor PYTHONPATH may put a module in front of ours, since
# this process holds the token. Unbuffered (-u): the log is live.
ENTRYPOINT ["/opt/venv/bin/python", "-I", "-u", "-m", "entrypoint"]
