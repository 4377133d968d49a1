/* The compatibility layer: names and contracts of Android's C library (bionic) on top of glibc, so that
 * Android's .so files run in a desktop JVM. One file for each thing that differs; what agrees is listed in
 * agrees.txt and forwarded by code that forward.py generates. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

/* Defines NAME as Android's libraries see it, implemented by bionic_NAME. A single '@' makes it a
 * non-default version: our own calls of NAME still reach glibc's. */
#define BIONIC(name) \
  __asm__(".symver bionic_" #name "," #name "@LIBC"); \
  __attribute__((visibility("default")))

/* The same for what Android added later, under the next version (API 24). */
#define BIONIC_N(name) \
  __asm__(".symver bionic_" #name "," #name "@LIBC_N"); \
  __attribute__((visibility("default")))

/* A function of a library that has no symbol versions. */
#define PUBLIC __attribute__((visibility("default")))

/* Ends the process, as a crash that can be read: Pocketfit reports what follows "abort message:". */
__attribute__((noreturn, format(printf, 1, 2))) void layer_abort(const char *format, ...);
