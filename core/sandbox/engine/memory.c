/*
 * Memory of one guest, up to its limit. QuickJS counts too, but refuses the error that says so along with the rest, and
 * the program would end with `null` for a reason. Here that error may have some more. Part of engine.c.
 */
#include <malloc.h>

enum { ERROR_BYTES_MAX = 65536 };

typedef struct Memory {
  size_t used;
  /* 0: no limit. */
  size_t most;
  JSRuntime *rt;
} Memory;

static bool has_room(const Memory *memory, size_t bytes) {
  if (!memory->most) return true;
  size_t most = memory->most + (memory->rt->in_out_of_memory ? ERROR_BYTES_MAX : 0);
  return memory->used <= most && bytes <= most - memory->used;
}

static void *counted(Memory *memory, void *block) {
  if (block) memory->used += malloc_usable_size(block);
  return block;
}

static void *limited_malloc(void *opaque, size_t bytes) {
  return has_room(opaque, bytes) ? counted(opaque, malloc(bytes)) : NULL;
}

static void *limited_calloc(void *opaque, size_t count, size_t size) {
  /* That the product is no more than can be said was looked at by QuickJS. */
  return has_room(opaque, count * size) ? counted(opaque, calloc(count, size)) : NULL;
}

static void limited_free(void *opaque, void *block) {
  Memory *memory = opaque;
  if (block) memory->used -= malloc_usable_size(block);
  free(block);
}

static void *limited_realloc(void *opaque, void *block, size_t bytes) {
  Memory *memory = opaque;
  size_t before = block ? malloc_usable_size(block) : 0;
  if (bytes > before && !has_room(memory, bytes - before)) return NULL;
  void *moved = realloc(block, bytes);
  if (!moved) return NULL;
  memory->used -= before;
  return counted(memory, moved);
}

static size_t usable_size(const void *block) { return malloc_usable_size((void *)block); }

static const JSMallocFunctions LIMITED = {
    .js_calloc = limited_calloc,
    .js_malloc = limited_malloc,
    .js_free = limited_free,
    .js_realloc = limited_realloc,
    .js_malloc_usable_size = usable_size,
};
