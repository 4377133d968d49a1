/* glibc keeps what was freed for the next that asks, tens of megabytes of it, and how much differs from one time to the
 * next: what a process holds says little of what a model left until that is given back. malloc_trim gives back all
 * but what is on top of a thread's own heap, which is cut when something is freed there. */
#include <jni.h>
#include <malloc.h>
#include <stdlib.h>

#include "layer.h"

/* As high as glibc's own grows; to set it stops that growth. */
enum { LARGEST_THRESHOLD = 64 << 20, CUTS_WHEN_FREED = 96 << 10 };

PUBLIC void JNICALL Java_dev_pocketfit_DesktopLibraries_trim(JNIEnv *env, jobject libraries) {
  (void)env, (void)libraries;
  mallopt(M_TRIM_THRESHOLD, 0);
  void *volatile freed = malloc(CUTS_WHEN_FREED);
  free(freed);
  malloc_trim(0);
  mallopt(M_TRIM_THRESHOLD, LARGEST_THRESHOLD);
}
