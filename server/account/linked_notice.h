/*
 * linked_notice.h: what people are told before they pair a phone, and who agreed to it.
 *
 * WhatsApp forbids what a linked number does, and may ban it. Nobody pairs one without having been
 * told so; which version of the words, by whom and when is kept for good, also of a deleted number.
 */
#ifndef ACCOUNT_LINKED_NOTICE_H
#define ACCOUNT_LINKED_NOTICE_H

#include "runtime/job.h"

/* A new version for each change of what the sentences say; who agreed to another one is asked
 * again before the next pairing. The console has them in its own languages. */
#define LINKED_NOTICE_VERSION S("2026-11")
extern const char *const linked_notice_sentences[];
extern const size_t linked_notice_sentence_count;

struct linked_consent { str version; id64 actor; int64_t at_ms; };

/* The actor agrees, for a channel of the workspace: ERR_INPUT with a field error "consent" unless
 * it is the version of now. An audit row. */
enum err linked_consent_give(struct job *job, id64 channel, str version);
/* The last one; version empty when there is none. */
enum err linked_consent_get(struct job *job, id64 channel, struct linked_consent *out);
/* ERR_INPUT "consent_needed" unless somebody agreed to the version of now. */
enum err linked_consent_check(struct job *job, id64 channel);

#endif
