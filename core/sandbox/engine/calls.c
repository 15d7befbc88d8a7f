/*
 * Calls between a guest's library (resources/programs/lib/src/kernel.ts) and its host. The library finds its half in
 * the global object `lastackHost`, which it takes away before any program runs. Part of engine.c.
 */
#include "pending.c"

/* GUEST_PAYLOAD_BYTES of core/runtime/sandbox-port.ts: most bytes of a request or an answer. */
enum { PAYLOAD_BYTES = 65536 };

/* Results that are made without asking the library; kernel.ts has the same numbers. Others are functions. */
enum { FINISH_NOTHING, FINISH_VALUE, FINISH_BYTES };

/* What the host is asked, as guest-call.ts reads it: doubles throughout. */
typedef struct Call {
  double operation;
  /* Of the answer that comes later; 0 when there is none. */
  double id;
  /* Without an id, the host's answer comes back in `a`. */
  double a, b, c, d;
  /* Where the bytes lie that come along, and how many. */
  double data;
  double length;
} Call;

/* @returns 0, or something else to stop the guest. */
int IMPORT(host_call)(Call *call);
/* The guest ends, and nothing more is run. */
void IMPORT(host_exit)(double status);

typedef struct Calls {
  PendingTable pending;
  /* Of the library: makes an error of an errno and an operation; takes the configuration as JSON. */
  JSValue make_error;
  JSValue configure;
  /* The answer that is being given; its bytes were put into `payload`. */
  double b;
  double c;
  size_t length;
  uint8_t payload[PAYLOAD_BYTES];
} Calls;

/* What the library calls */

static double number_of(JSValueConst value) {
  if (JS_VALUE_GET_TAG(value) == JS_TAG_INT) return JS_VALUE_GET_INT(value);
  /* What the library left out is undefined. */
  return JS_TAG_IS_FLOAT64(JS_VALUE_GET_TAG(value)) ? JS_VALUE_GET_FLOAT64(value) : 0;
}

/* An error that nothing can catch. */
static JSValue throw_final(JSContext *ctx, const char *message) {
  JS_ThrowInternalError(ctx, "%s", message);
  JS_SetUncatchableError(ctx, ctx->rt->current_exception);
  return JS_EXCEPTION;
}

/* (operation, a, b): a question that is answered at once. */
static JSValue ask(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  Call call = {.operation = number_of(argv[0]), .a = number_of(argv[1]), .b = number_of(argv[2])};
  return host_call(&call) == 0 ? JS_NewNumber(ctx, call.a) : throw_final(ctx, "refused");
}

/* Hands over a request with data: a string, a Uint8Array or undefined. @returns false after something was thrown. */
static bool hand_over(JSContext *ctx, JSValueConst operation, uint32_t id, JSValueConst data, JSValueConst *numbers) {
  size_t length = 0;
  const char *text = NULL;
  const void *bytes = NULL;
  if (JS_IsString(data)) {
    bytes = text = JS_ToCStringLen(ctx, &length, data);
    if (!text) return false;
  } else if (!JS_IsUndefined(data)) {
    if (JS_GetTypedArrayType(data) != JS_TYPED_ARRAY_UINT8) {
      JS_ThrowTypeError(ctx, "the data is not a string or Uint8Array");
      return false;
    }
    bytes = JS_GetUint8Array(ctx, &length, data);
    /* An empty array may lie nowhere. */
    if (!bytes && JS_HasException(ctx)) return false;
  }
  bool fits = length <= PAYLOAD_BYTES;
  bool is_refused = false;
  if (fits) {
    Call call = {
        .operation = number_of(operation),
        .id = id,
        .a = number_of(numbers[0]),
        .b = number_of(numbers[1]),
        .c = number_of(numbers[2]),
        .d = number_of(numbers[3]),
        .data = (uintptr_t)bytes,
        .length = length,
    };
    is_refused = host_call(&call) != 0;
  } else JS_ThrowTypeError(ctx, "data of more than %d bytes", PAYLOAD_BYTES);
  if (text) JS_FreeCString(ctx, text);
  if (is_refused) throw_final(ctx, "refused");
  return fits && !is_refused;
}

/* (operation, text, a): something that nobody waits for. */
static JSValue tell(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  JSValueConst numbers[4] = {argv[2], JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
  return hand_over(ctx, argv[0], 0, argv[1], numbers) ? JS_UNDEFINED : JS_EXCEPTION;
}

/* (operation, finish, context, data, a, b, c, d): a promise of the answer. */
static JSValue request(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  Calls *calls = guest->calls;
  uint32_t id = add_pending(ctx, &calls->pending, argv[1], argv[2]);
  if (!id) return JS_EXCEPTION;
  JSValue promise = JS_DupValue(ctx, calls->pending.entries[id - 1].promise);
  if (hand_over(ctx, argv[0], id, argv[3], argv + 4)) return promise;
  Pending taken = take_pending(&calls->pending, id);
  free_pending(ctx, &taken);
  JS_FreeValue(ctx, promise);
  return JS_EXCEPTION;
}

static JSValue answered_bytes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  return JS_NewUint8ArrayCopy(ctx, guest->calls->payload, guest->calls->length);
}

static JSValue answered_text(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  return JS_NewStringLen(ctx, (const char *)guest->calls->payload, guest->calls->length);
}

static JSValue answer_b(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  return JS_NewNumber(ctx, guest->calls->b);
}

static JSValue answer_c(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  return JS_NewNumber(ctx, guest->calls->c);
}

/* UTF-8 of a string. */
static JSValue encode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  size_t length;
  const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
  if (!text) return JS_EXCEPTION;
  JSValue bytes = JS_NewUint8ArrayCopy(ctx, (const uint8_t *)text, length);
  JS_FreeCString(ctx, text);
  return bytes;
}

/* A string of UTF-8. */
static JSValue decode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  size_t length;
  uint8_t *bytes = JS_GetUint8Array(ctx, &length, argv[0]);
  if (!bytes && JS_HasException(ctx)) return JS_EXCEPTION;
  return JS_NewStringLen(ctx, (const char *)bytes, length);
}

/* An error without a stack: QuickJS gives it one where it is thrown next, at the `await` in the program. */
static JSValue bare_error(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  return JS_NewObjectClass(ctx, JS_CLASS_ERROR);
}

static JSValue end(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  host_exit(number_of(argv[0]));
  return throw_final(ctx, "exit");
}

/* (makeError, configure): the library's own functions. */
static JSValue serve(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  guest->calls->make_error = JS_DupValue(ctx, argv[0]);
  guest->calls->configure = JS_DupValue(ctx, argv[1]);
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry NATIVES[] = {
    JS_CFUNC_DEF("ask", 3, ask),
    JS_CFUNC_DEF("tell", 3, tell),
    JS_CFUNC_DEF("request", 8, request),
    JS_CFUNC_DEF("answeredBytes", 0, answered_bytes),
    JS_CFUNC_DEF("answeredText", 0, answered_text),
    JS_CFUNC_DEF("answerB", 0, answer_b),
    JS_CFUNC_DEF("answerC", 0, answer_c),
    JS_CFUNC_DEF("encode", 1, encode),
    JS_CFUNC_DEF("decode", 1, decode),
    JS_CFUNC_DEF("bareError", 0, bare_error),
    JS_CFUNC_DEF("exit", 1, end),
    JS_CFUNC_DEF("serve", 2, serve),
};

/* Gives the running guest its half, and what the library is told first. @returns false without memory. */
static bool add_calls(Guest *to, const char *boot, size_t length) {
  JSContext *ctx = to->ctx;
  Calls *calls = to->calls = calloc(1, sizeof(Calls));
  JSValue host = calls ? JS_NewObject(ctx) : JS_EXCEPTION;
  if (JS_IsException(host)) return false;
  calls->make_error = JS_UNDEFINED;
  calls->configure = JS_UNDEFINED;
  JSValue global = JS_GetGlobalObject(ctx);
  bool is_added = JS_SetPropertyFunctionList(ctx, host, NATIVES, countof(NATIVES)) == 0 &&
                  JS_SetPropertyStr(ctx, host, "boot", JS_NewStringLen(ctx, boot, length)) >= 0 &&
                  JS_SetPropertyStr(ctx, global, "lastackHost", host) >= 0;
  JS_FreeValue(ctx, global);
  return is_added;
}

/* What the host calls. Text and bytes are put into the running guest's payload first. */

uint8_t *EXPORT(payload)(void) { return guest->calls->payload; }

/* Gives the library its configuration, as JSON. @returns -1 after something was thrown. */
int EXPORT(configure)(size_t length) {
  JSContext *ctx = guest->ctx;
  guest->calls->length = length;
  JSValue result = JS_Call(ctx, guest->calls->configure, JS_UNDEFINED, 0, NULL);
  JS_FreeValue(ctx, result);
  return JS_IsException(result) ? -1 : 0;
}

static JSValue result_of(JSContext *ctx, const Pending *entry, double value) {
  if (JS_VALUE_GET_TAG(entry->finish) == JS_TAG_INT) {
    switch (JS_VALUE_GET_INT(entry->finish)) {
    case FINISH_VALUE:
      return JS_NewNumber(ctx, value);
    case FINISH_BYTES:
      return answered_bytes(ctx, JS_UNDEFINED, 0, NULL);
    default:
      return JS_UNDEFINED;
    }
  }
  JSValue arguments[2] = {JS_NewNumber(ctx, value), entry->context};
  return JS_Call(ctx, entry->finish, JS_UNDEFINED, 2, (JSValueConst *)arguments);
}

/* Answers a request: with an errno when `value` is negative. @returns -1 after something was thrown. */
int EXPORT(settle)(int operation, uint32_t id, double value, double b, double c, size_t length) {
  JSContext *ctx = guest->ctx;
  Calls *calls = guest->calls;
  if (!is_pending(&calls->pending, id)) return 0;
  Pending entry = take_pending(&calls->pending, id);
  calls->b = b;
  calls->c = c;
  calls->length = length;
  bool is_error = value < 0;
  JSValue result;
  if (is_error) {
    JSValue arguments[2] = {JS_NewNumber(ctx, value), JS_NewInt32(ctx, operation)};
    result = JS_Call(ctx, calls->make_error, JS_UNDEFINED, 2, (JSValueConst *)arguments);
  } else result = result_of(ctx, &entry, value);
  bool is_thrown = JS_IsException(result);
  if (!is_thrown) fulfill_or_reject_promise(ctx, entry.promise, result, is_error);
  JS_FreeValue(ctx, result);
  free_pending(ctx, &entry);
  return is_thrown ? -1 : 0;
}
