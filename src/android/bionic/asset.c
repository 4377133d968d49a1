/* libandroid: assets live in an APK, and there is none. Only Module.load from an asset asks for them, which
 * Pocketfit does not call: as on Android, a manager that is not there has no asset. */
#include "layer.h"

#include <stddef.h>
#include <sys/types.h>

PUBLIC void *AAssetManager_fromJava(void *environment, void *manager) {
  (void)environment, (void)manager;
  return NULL;
}
PUBLIC void *AAssetManager_open(void *manager, const char *name, int mode) {
  (void)manager, (void)name, (void)mode;
  return NULL;
}
PUBLIC void AAsset_close(void *asset) { (void)asset; }
PUBLIC const void *AAsset_getBuffer(void *asset) {
  (void)asset;
  return NULL;
}
PUBLIC off_t AAsset_getLength(void *asset) {
  (void)asset;
  return 0;
}
