/*
 * Promises that wait for an answer of the host, by id: the place, from 1, where each waits in a table. Part of engine.c.
 */

typedef struct Pending {
  /* JS_UNDEFINED when the place is free. */
  JSValue promise;
  /* A number of FINISH_, or a function of the answer's value and of `context`. */
  JSValue finish;
  JSValue context;
  /* The next free place, from 1; 0 at the end. */
  uint32_t next;
} Pending;

/* All that wait. */
typedef struct PendingTable {
  Pending *entries;
  uint32_t size;
  /* The first free place, from 1. */
  uint32_t free;
} PendingTable;

static JSValue new_promise(JSContext *ctx) {
  JSValue promise = JS_NewObjectClass(ctx, JS_CLASS_PROMISE);
  JSPromiseData *data = JS_IsException(promise) ? NULL : js_mallocz(ctx, sizeof(JSPromiseData));
  if (!data) {
    JS_FreeValue(ctx, promise);
    return JS_EXCEPTION;
  }
  data->promise_state = JS_PROMISE_PENDING;
  init_list_head(&data->promise_reactions[0]);
  init_list_head(&data->promise_reactions[1]);
  data->promise_result = JS_UNDEFINED;
  JS_SetOpaqueInternal(promise, data);
  return promise;
}

/* Twice as many places. */
static bool grow_pending(JSContext *ctx, PendingTable *table) {
  uint32_t size = table->size ? 2 * table->size : 16;
  Pending *entries = js_realloc(ctx, table->entries, size * sizeof(Pending));
  if (!entries) return false;
  for (uint32_t at = table->size; at < size; at++) {
    entries[at].promise = JS_UNDEFINED;
    entries[at].next = at + 1 < size ? at + 2 : 0;
  }
  table->free = table->size + 1;
  table->entries = entries;
  table->size = size;
  return true;
}

/* A new promise's place, from 1; 0 without memory. */
static uint32_t add_pending(JSContext *ctx, PendingTable *table, JSValueConst finish, JSValueConst context) {
  if (!table->free && !grow_pending(ctx, table)) return 0;
  JSValue promise = new_promise(ctx);
  if (JS_IsException(promise)) return 0;
  uint32_t id = table->free;
  Pending *entry = &table->entries[id - 1];
  table->free = entry->next;
  entry->promise = promise;
  entry->finish = JS_DupValue(ctx, finish);
  entry->context = JS_DupValue(ctx, context);
  return id;
}

/* Frees a place. @returns what was there, which is the caller's. */
static Pending take_pending(PendingTable *table, uint32_t id) {
  Pending *entry = &table->entries[id - 1];
  Pending taken = *entry;
  entry->promise = JS_UNDEFINED;
  entry->next = table->free;
  table->free = id;
  return taken;
}

static bool is_pending(const PendingTable *table, uint32_t id) {
  return id > 0 && id <= table->size && !JS_IsUndefined(table->entries[id - 1].promise);
}

static void free_pending(JSContext *ctx, Pending *taken) {
  JS_FreeValue(ctx, taken->promise);
  JS_FreeValue(ctx, taken->finish);
  JS_FreeValue(ctx, taken->context);
}
