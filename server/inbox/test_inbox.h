/*
 * test_inbox.h: a workspace with one channel, and short ways to say what happened on it.
 */
#ifndef INBOX_TEST_INBOX_H
#define INBOX_TEST_INBOX_H

#include "base/test.h"
#include "inbox/inbox_internal.h"
#include "store/test_store.h"

#define TEST_NOW_MS 1763700000000LL /* a whole second */

/* Keyring, workspace, owner and a Cloud channel; the job is in that workspace, its clock at
 * TEST_NOW_MS. */
struct channel *test_channel(struct job *job);
/* A new workspace, which the job is in from then on. */
void test_another_workspace(struct job *job);
/* One more of the job's workspace; remote_id and phone differ with n. */
struct channel *test_another_channel(struct job *job, int n);

/* Applies one event in a transaction of its own; the changes go to *changes if that is not NULL. */
void test_apply(struct job *job, const struct channel *ch, const struct provider_event *event,
		struct inbox_changes *changes);
/* A text from a phone, at a time. */
struct provider_event test_says(const char *phone, const char *remote_id, const char *body,
	int64_t at_ms);
struct provider_event test_tick(const char *target, enum message_status status, int64_t at_ms);
/* The message of a remote id; fails the test when there is none. */
struct message test_message(struct job *job, const struct channel *ch, const char *remote_id);
struct conversation test_conversation(struct job *job, const struct channel *ch,
	const char *remote_id);
/* A message of ours as it stands in the outbox, to this conversation. */
id64 test_outgoing(struct job *job, const struct conversation *conv, const char *body);

#define T(text) (str_of(text))

#endif
