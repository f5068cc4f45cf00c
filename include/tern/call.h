/* A call as a thing: to wait for, to cancel, and to read what came with its reply. */
#ifndef TERN_CALL_H
#define TERN_CALL_H

#include <tern/method.h>
#include <tern/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* tern_call (tern/method.h) is one call of a method, with all its attempts. It comes from an asynchronous call's
 * out_call or from tern_call_options.out_call, then the caller's, for tern_call_free; and interceptors and callbacks
 * see it, then valid until they return. Functions below that read what came with the reply are for after the call's
 * end. */

/* Cancels the call: it ends with CANCELLED, soon, unless it has ended. Its request may run all the same; its reply is
 * dropped. Does not wait. Any thread, callbacks included; NULL is fine. */
TERN_API void tern_call_cancel(tern_call *call);

/* Waits until the call has ended and its callback has returned, for at most timeout_ms (0: for as long as that takes).
 * OK says that it has ended, well or not.
 * DEADLINE_EXCEEDED: not yet. FAILED_PRECONDITION: it has not ended, and this is an I/O thread, the call's own
 * callback or interceptor, or the thread that dispatches the queue on which its callback is to run. Threads: any other.
 * A thread of the pool on which the callback is to run may run it, or others of the client's, meanwhile. */
TERN_API tern_status tern_call_wait(tern_call *call, uint32_t timeout_ms, tern_error *err);

/* The same until all of count calls have ended; NULLs are passed over. */
TERN_API tern_status tern_call_wait_all(tern_call *const *calls, size_t count, uint32_t timeout_ms, tern_error *err);

/* The same until one of count calls, at least 1, has ended. out_index: where that one is in calls. NULLs in calls are
 * passed over, so that a loop can clear those it has dealt with; INVALID_ARGUMENT: all are NULL. */
TERN_API tern_status tern_call_wait_any(tern_call *const *calls, size_t count, uint32_t timeout_ms, size_t *out_index,
                                        tern_error *err);

/* Has the call ended, and its callback returned? Any thread. */
TERN_API bool tern_call_has_ended(const tern_call *call);

/* Takes the outcome of a call that was made without a callback. Generated functions wrap it with types.
 * out_reply: the caller's, for tern_message_free; untouched unless OK.
 * The call's own status; FAILED_PRECONDITION: it has not ended, had a callback, or its reply was taken before;
 * INVALID_ARGUMENT: it is not a call of method. Any thread, one at a time for a call. */
TERN_API tern_status tern_call_result(tern_call *call, const tern_method *method, ProtobufCMessage **out_reply,
                                      tern_error *err);

/* Gives the handle back. The call goes on if it has not ended. Any thread; NULL is fine. */
TERN_API void tern_call_free(tern_call *call);

/* ---- Reading ---- */

/* What is called. Static storage of generated code. */
TERN_API const tern_method *tern_call_method(const tern_call *call);

/* Attempts made so far; 0 before the first. */
TERN_API uint32_t tern_call_attempts(const tern_call *call);

/* Microseconds since the call began, or that it took once it has ended. */
TERN_API uint64_t tern_call_elapsed_us(const tern_call *call);

/* The first value of the reply's (or error's) header called name, or NULL: none. Valid as long as the call is. */
TERN_API const char *tern_call_header(tern_call *call, const char *name);

/* Writes up to capacity headers of the reply or error, first values, and returns how many there are, without those of
 * Tern's own (see tern_header). */
TERN_API size_t tern_call_headers(tern_call *call, tern_header *out_headers, size_t capacity);

/* The full name of the message that the service sent along with its error, or NULL: none. */
TERN_API const char *tern_call_detail_type(tern_call *call);

/* Decodes that message. out_detail: the caller's, for tern_message_free.
 * NOT_FOUND: none was sent, or it is not of this type (the text names both). INVALID_ARGUMENT: it does not decode. */
TERN_API tern_status tern_call_detail(tern_call *call, const ProtobufCMessageDescriptor *type,
                                      ProtobufCMessage **out_detail, tern_error *err);

/* ---- Interceptors ----
 *
 * They see each call of a client from its two ends: before runs on the caller's thread, in the order of the list,
 * before anything is sent; after runs in the opposite order when the outcome is known, on the caller's thread for a
 * blocking call or one that does not begin, else where the callback runs, just before it (on the I/O thread without a
 * callback). Each runs once
 * for a call, however many attempts it takes. */

typedef struct tern_client_interceptor {
    /* May add metadata (tern_call_set_header), and refuse: a status other than OK is the call's outcome, and nothing is
     * sent; err is never NULL, and if its text is empty the status's meaning stands there. NULL: nothing. */
    tern_status (*before)(tern_call *call, void *arg, tern_error *err);
    /* Observes the outcome, status OK included, of a call that its before has let through. NULL: nothing. */
    void (*after)(tern_call *call, const tern_error *outcome, void *arg);
    void *arg; /* the caller's; for both */
} tern_client_interceptor;

/* Inside before: sends this header with the request, in place of one of the same name. Both are copied.
 * INVALID_ARGUMENT: name or value, see tern_header. RESOURCE_EXHAUSTED: no memory. FAILED_PRECONDITION: not inside
 * before. */
TERN_API tern_status tern_call_set_header(tern_call *call, const char *name, const char *value, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif
