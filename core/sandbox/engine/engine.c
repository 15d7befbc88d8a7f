/*
 * The engine of guest programs: QuickJS-ng, and what the sandbox (core/sandbox) calls of it. `npm run engine` compiles
 * this file to WebAssembly. QuickJS is included rather than linked, since calls.c makes and settles promises by its
 * inner functions: those that are exported make two function objects for each promise, which cost more than the rest
 * of a system call.
 *
 * A *box* is a value on the module's heap, which whoever received it frees. Boxes are for what is rare, such as errors;
 * on the way of every message go numbers alone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.c"

#define EXPORT(name) __attribute__((export_name(#name))) name
#define IMPORT(name) __attribute__((import_module("env"), import_name(#name))) name

#include "memory.c"

typedef JSValue *Box;

/* What one runtime has beside QuickJS's own state. */
typedef struct Guest {
  JSRuntime *rt;
  JSContext *ctx;
  Memory memory;
  /* The promise of the module that was evaluated last. */
  JSValue main;
  struct Calls *calls;
} Guest;

/* Whoever runs; the host's imports are about them. */
static Guest *guest;

/* Whether to stop with an error; asked every few thousand steps. */
int IMPORT(host_interrupt)(void);
/* A promise was rejected with no handler, or got one later. Both boxes are the host's. */
void IMPORT(host_rejection)(JSObject *promise, Box kept, Box reason, int is_handled);
/* The name of a module, on the heap; or 0, and an error was thrown. */
char *IMPORT(host_module_normalize)(const char *base, const char *specifier);
/* Text of a module, on the heap, with a NUL behind it; or 0. */
char *IMPORT(host_module_load)(const char *name, size_t *length);

static Box boxed(JSValue value) {
  Box box = malloc(sizeof(JSValue));
  if (box) *box = value;
  else JS_FreeValue(guest->ctx, value);
  return box;
}

#include "calls.c"

/* Memory */

void *EXPORT(take_memory)(size_t bytes) { return malloc(bytes); }
void EXPORT(give_memory)(void *pointer) { free(pointer); }

/* Runtimes */

static int interrupt(JSRuntime *rt, void *opaque) { return host_interrupt(); }

static void rejected(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool is_handled, void *opaque) {
  Box kept = boxed(JS_DupValue(ctx, promise));
  Box why = boxed(JS_DupValue(ctx, reason));
  host_rejection(JS_VALUE_GET_OBJ(promise), kept, why, is_handled);
}

static char *normalize(JSContext *ctx, const char *base, const char *specifier, void *opaque) {
  char *name = host_module_normalize(base, specifier);
  char *copy = name ? js_strdup(ctx, name) : NULL;
  free(name);
  return copy;
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque) {
  size_t length;
  char *text = host_module_load(name, &length);
  if (!text) {
    JS_ThrowReferenceError(ctx, "could not load module '%s'", name);
    return NULL;
  }
  JSValue compiled = JS_Eval(ctx, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  free(text);
  if (JS_IsException(compiled)) return NULL;
  JSModuleDef *module = JS_VALUE_GET_PTR(compiled);
  /* The context keeps it. */
  JS_FreeValue(ctx, compiled);
  return module;
}

/* All but what a run cannot repeat: weak references and clocks of its own. */
static int add_intrinsics(JSContext *ctx) {
  return JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicDate(ctx) || JS_AddIntrinsicEval(ctx) ||
         JS_AddIntrinsicRegExp(ctx) || JS_AddIntrinsicJSON(ctx) || JS_AddIntrinsicProxy(ctx) ||
         JS_AddIntrinsicMapSet(ctx) || JS_AddIntrinsicTypedArrays(ctx) || JS_AddIntrinsicPromise(ctx) ||
         JS_AddIntrinsicAToB(ctx);
}

/* Lets a guest run next. */
void EXPORT(enter)(Guest *next) {
  guest = next;
  JS_UpdateStackTop(next->rt);
}

/* Adds a runtime, which is the running one then. @returns 0 when there is no memory for it. */
Guest *EXPORT(start)(size_t stack_bytes_max, const char *boot, size_t length) {
  Guest *made = calloc(1, sizeof(Guest));
  JSRuntime *rt = made ? JS_NewRuntime2(&LIMITED, &made->memory) : NULL;
  JSContext *ctx = rt ? JS_NewContextRaw(rt) : NULL;
  if (!ctx || add_intrinsics(ctx)) return NULL;
  made->rt = made->memory.rt = rt;
  made->ctx = ctx;
  made->main = JS_UNDEFINED;
  JS_SetMaxStackSize(rt, stack_bytes_max);
  JS_SetInterruptHandler(rt, interrupt, NULL);
  JS_SetHostPromiseRejectionTracker(rt, rejected, NULL);
  JS_SetModuleLoaderFunc(rt, normalize, load, NULL);
  enter(made);
  return add_calls(made, boot, length) ? made : NULL;
}

void EXPORT(set_memory_limit)(size_t bytes) { guest->memory.most = bytes; }

/* Running. What fails returns -1, and the exception is to be taken. */

/* Starts a module. Fails when it does not compile, or an import cannot be found. */
int EXPORT(evaluate)(const char *code, size_t length, const char *name) {
  JSContext *ctx = guest->ctx;
  JSValue promise = JS_Eval(ctx, code, length, name, JS_EVAL_TYPE_MODULE);
  if (JS_IsException(promise)) return -1;
  JS_FreeValue(ctx, guest->main);
  guest->main = promise;
  return 0;
}

/* JSPromiseStateEnum of the module that was started last. */
int EXPORT(main_state)(void) { return JS_PromiseState(guest->ctx, guest->main); }

/* Runs until there is nothing left to do but wait. */
int EXPORT(run_jobs)(void) {
  JSContext *ctx;
  while (JS_IsJobPending(guest->rt)) {
    if (JS_ExecutePendingJob(guest->rt, &ctx) < 0) return -1;
  }
  return 0;
}

/* Errors */

Box EXPORT(take_exception)(void) { return boxed(JS_GetException(guest->ctx)); }

/* Makes the running code throw an Error with this message. */
void EXPORT(throw_error)(const char *message, size_t length) {
  JSContext *ctx = guest->ctx;
  JSValue error = JS_NewError(ctx);
  JSValue text = JS_NewStringLen(ctx, message, length);
  /* Without memory for it, that was thrown instead. */
  if (JS_IsException(error) || JS_IsException(text)) {
    JS_FreeValue(ctx, error);
    JS_FreeValue(ctx, text);
    return;
  }
  JS_DefinePropertyValueStr(ctx, error, "message", text, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  JS_Throw(ctx, error);
}

/* Without memory for a box there is none. */
static JSValueConst value_of(Box box) { return box ? *box : JS_UNDEFINED; }

void EXPORT(free_box)(Box box) {
  JS_FreeValue(guest->ctx, value_of(box));
  free(box);
}

int EXPORT(is_object)(Box box) { return JS_IsObject(value_of(box)); }

/* @returns 0 after something was thrown, which is thrown away. */
Box EXPORT(property)(Box box, const char *name) {
  JSValue value = JS_GetPropertyStr(guest->ctx, value_of(box), name);
  if (!JS_IsException(value)) return boxed(value);
  JS_FreeValue(guest->ctx, JS_GetException(guest->ctx));
  return NULL;
}

/* `String(value)` as UTF-8, which may run code of the guest. @returns 0 after something was thrown, as above. */
const char *EXPORT(text_of)(Box box, size_t *length) {
  const char *text = JS_ToCStringLen(guest->ctx, length, value_of(box));
  if (!text) JS_FreeValue(guest->ctx, JS_GetException(guest->ctx));
  return text;
}

void EXPORT(free_text)(const char *text) { JS_FreeCString(guest->ctx, text); }
