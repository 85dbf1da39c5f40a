/*
 * sandbox_fixture.h: a sandbox on loopback for tests, and a receiver that keeps the webhooks it is
 * sent.
 *
 * Made at the first use and shared by all tests of a program; fixture() begins each test anew. The
 * receiver checks every signature by the provider's own verify().
 */
#ifndef PROVIDER_SANDBOX_SANDBOX_FIXTURE_H
#define PROVIDER_SANDBOX_SANDBOX_FIXTURE_H

#include "base/test.h"
#include "net/client.h"
#include "provider/provider.h"
#include "provider/sandbox/sandbox.h"

struct fixture {
	struct sandbox *sandbox;
	int port;
	str url;                 /* "http://127.0.0.1:PORT" */
	struct channel channel;  /* of the first number, ready to send */
};

/* Empty of customers, messages and faults; quick statuses, no pace limits, closed windows. */
struct fixture *fixture(void);
str fixture_url(void);     /* of the sandbox */
str fixture_webhook(void); /* of the receiver; "/{channel}/{secret}" may follow */
/* From now on the receiver is this channel's: it verifies and reads webhooks by its provider. */
void fixture_as(const struct channel *ch);
void fixture_stop(void); /* for the test that shows it */
/* A job of this test. */
struct job *fixture_job(void);

/* One call of the control or the Graph API: the status, and the body as JSON (NULL if it is none).
 */
int fixture_call(enum http_method method, str path, str body, json *answer);
/* The same with an Authorization header. */
int fixture_call_as(str token, enum http_method method, str path, str body, json *answer);
/* POST to control that must succeed. */
json fixture_control(str path, str body);
/* A customer who has written: makes it if need be; gives the wamid of "hello". */
str fixture_open_window(str phone);

/* What receiver has got and verified, from the first after fixture(): waits up to 5 s for event
 * number `index` of a kind. */
const struct provider_event *fixture_wait(enum event_kind kind, size_t index);
size_t fixture_refused(void);            /* webhooks with a bad signature */
size_t fixture_received(void);           /* all webhooks answered with 200 */
void fixture_answer_with(int status);    /* what the receiver answers from now on */
/* Waits up to 5 s until condition(arg) holds; false when it never did. */
bool fixture_until(bool (*condition)(void *arg), void *arg);

#endif
