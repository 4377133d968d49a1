/* Android's system properties: there are none. Libraries ask for the board or the API level and then do without. */
#include "layer.h"

BIONIC(__system_property_get) int bionic___system_property_get(const char *name, char *value) {
  (void)name;
  *value = 0;
  return 0;
}
