/*
 * linked_people.h: groups, people and calls of a linked number: asked, changed, and told.
 *
 *	linked_ask.c       one question to the network, from a call worker
 *	linked_manage.c    the table of management calls
 *	linked_group.c     those of groups
 *	linked_contact.c   those of people; block list and profile
 *	linked_people.c    what comes by itself: raw events, and what they say
 */
#ifndef PROVIDER_LINKED_PEOPLE_H
#define PROVIDER_LINKED_PEOPLE_H

#include "base/json.h"
#include "provider/linked/linked.h"
#include "provider/manage.h"
#include "wa/client/request.h"
#include "wa/session/session.h"

struct turn;

/* ---- linked_ask.c ---- */

/* Sends the request over the number's connection, and waits at most LINKED_CALL_MS: a refusal is
 * the job's failure in words for people. */
enum err linked_ask(struct job *job, id64 channel, struct node *iq, const struct node **answer);
/* "what" the network said no to, after a reader refused the answer. */
enum err linked_refused(struct job *job, enum err e, const struct node *answer);
/* A group's jid of a parameter, a field error if it is none; and people, by digits, "+digits", or
 * a jid of either sort. */
bool linked_read_group(struct job *job, json v, const char *field, struct jid *out);
bool linked_read_person(struct job *job, json v, str field, struct wa_names *out);
struct linked_persons { struct wa_names *items; size_t count; };
bool linked_read_persons(struct job *job, json list, const char *field,
	struct linked_persons *out);
/* {"phone", "lid"} as members; null for what is not known. */
void linked_put_names(struct job *job, struct buf *out, const struct wa_names *names);

/* ---- linked_manage.c ---- */

/* What a call is given: the channel, its parameters, and where the answer goes. */
struct linked_asked {
	struct job *job;
	const struct channel *ch;
	json parameters;
	struct buf *out;
};
#define LINKED_MANAGE_COUNT 26
extern const struct manage_call linked_manage_calls[LINKED_MANAGE_COUNT];
enum err linked_manage(struct job *job, const struct channel *ch, const struct manage_call *call,
	json parameters, str *answer);

/* ---- linked_group.c, linked_contact.c: rows of that table ---- */

enum err linked_group_list(struct linked_asked *a);
enum err linked_group_get(struct linked_asked *a);
enum err linked_group_create(struct linked_asked *a);
enum err linked_group_subject(struct linked_asked *a);
enum err linked_group_description(struct linked_asked *a);
enum err linked_group_add(struct linked_asked *a);
enum err linked_group_remove(struct linked_asked *a);
enum err linked_group_promote(struct linked_asked *a);
enum err linked_group_demote(struct linked_asked *a);
enum err linked_group_settings(struct linked_asked *a);
enum err linked_group_link(struct linked_asked *a);
enum err linked_group_renew_link(struct linked_asked *a);
enum err linked_group_linked(struct linked_asked *a);
enum err linked_group_join(struct linked_asked *a);
enum err linked_group_leave(struct linked_asked *a);
enum err linked_group_asking(struct linked_asked *a);
enum err linked_group_approve(struct linked_asked *a);
enum err linked_group_reject(struct linked_asked *a);
enum err linked_group_picture(struct linked_asked *a);
enum err linked_contact_check(struct linked_asked *a);
enum err linked_contact_info(struct linked_asked *a);
enum err linked_about_set(struct linked_asked *a);
enum err linked_picture_set(struct linked_asked *a);
enum err linked_privacy_get(struct linked_asked *a);
enum err linked_privacy_set(struct linked_asked *a);
enum err linked_blocked_list(struct linked_asked *a);

/* Where the picture of a person or group is; none: hidden, or there is none. */
enum err linked_picture_find(struct job *job, id64 channel, const struct jid *of, str *url);

/* ---- linked_contact.c: functions of the provider ---- */

enum err linked_block(struct job *job, const struct channel *ch, const struct person_ref *who,
	bool blocked);
enum err linked_profile(struct job *job, const struct channel *ch, struct business_profile *out);
enum err linked_profile_set(struct job *job, const struct channel *ch,
	const struct business_profile *draft);

/* ---- linked_people.c ---- */

/* WA_EVENT_GROUP, CONTACT, CALL and RESTRICTED as a raw event, in the open transaction. */
enum err linked_put_people(struct turn *turn, const struct wa_event *event);
/* The number is banned, or (on false) no more: why->code says how, why->until_ms how long. */
struct linked_reason;
enum err linked_put_ban(struct turn *turn, const struct linked_reason *why, bool on);
/* The event of such a raw event; false: of another kind. */
bool linked_parse_people(struct job *job, json root, struct provider_events *events);

#endif
