/* System.load calls dlopen without RTLD_DEEPBIND: the JVM's libstdc++ and libgcc_s, which are in the global
 * scope, would then shadow symbols of Android's libc++ (both define the C++ runtime's). What is opened here
 * first stays as it is when System.load opens it again. */
#include <dlfcn.h>
#include <jni.h>

#include "layer.h"

PUBLIC jstring JNICALL Java_dev_pocketfit_DesktopLibraries_dlopen(JNIEnv *env, jclass type, jstring path) {
  (void)type;
  const char *file = (*env)->GetStringUTFChars(env, path, NULL);
  if (!file) return NULL; /* an OutOfMemoryError is pending */
  void *handle = dlopen(file, RTLD_NOW | RTLD_GLOBAL | RTLD_DEEPBIND);
  (*env)->ReleaseStringUTFChars(env, path, file);
  return handle ? NULL : (*env)->NewStringUTF(env, dlerror());
}
