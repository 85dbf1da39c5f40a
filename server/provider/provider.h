/*
 * provider.h: what a way to reach WhatsApp must offer.
 *
 * A provider is one struct of functions and capabilities. An absent function means ERR_UNSUPPORTED,
 * answered in provider.c. Functions run on call workers (blocking; they hold no transaction) unless
 * said otherwise. The same conformance suite (tests/conformance/) runs over every provider.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "net/client.h"
#include "net/http.h"
#include "provider/message.h"
#include "runtime/job.h"

/* A way in and out, as account/ loads it; lives as long as the job. Secrets are plain here, and
 * only here. */
struct channel {
	id64 id, workspace, number_id;
	const struct provider *provider;
	str name;
	str phone;          /* digits of the business number; empty until known */
	str remote_id;      /* Cloud: phone_number_id */
	str account_id;     /* Cloud: WABA id */
	/* app_secret: what webhooks prove themselves by, whatever the provider's word for it */
	str access_token, app_secret, verify_token;
	/* the secret before this one, and until when webhooks may still prove themselves by it */
	str old_app_secret;
	int64_t old_secret_until_ms;
	/* the provider's own settings: a JSON object, "{}" if it has none; its secrets are plain
	 * here */
	str config;
	/* config's "base_url", else the provider's of the settings (PARLEY_GRAPH_URL, …) */
	str base_url;
	bool allow_private; /* base_url may be loopback (sandbox, tests) */
	/* provider.can less what config takes away; 0 in a channel that no account loaded:
	 * provider_can() */
	uint64_t can;
	int64_t pace_per_second, pair_interval_ms, pair_burst;
	bool disabled;
	str environment;    /* "production" or "development" */
};

/* Bits of provider.can: 1 << kind for kinds that can be sent, and these. */
#define CAN_KIND(kind) (1ull << (kind))
#define CAN_REPLY (1ull << 40)
#define CAN_MARK_READ (1ull << 41)
#define CAN_TYPING (1ull << 42)
#define CAN_TEMPLATES (1ull << 45)     /* has approved templates to list */
#define CAN_MEDIA_FETCH (1ull << 46)
/* its webhooks are Meta's own: they are passed on as they came */
#define CAN_PASS_ON (1ull << 48)
#define CAN_WINDOW (1ull << 47) /* free text only inside 24 h of the customer's last message */

/* Who can be written to: phone numbers; and these. */
#define CAN_TIMER (1ull << 53)         /* lets messages of a chat disappear: timer.h */
#define CAN_FORWARD (1ull << 54)       /* what is passed on says so */
#define CAN_LID (1ull << 52)           /* hidden ids of linked devices */
#define CAN_BSUID (1ull << 51)         /* business-scoped ids of WhatsApp */
#define CAN_EMAIL_ADDRESS (1ull << 49) /* e-mail addresses alone */
#define CAN_ANY_ADDRESS (1ull << 50)   /* any text */

struct outgoing {
	/* ours; goes along (biz_opaque_callback_data) and comes back with each status */
	id64 id;
	enum message_kind kind;
	str content;           /* JSON object of the kind */
	str to_phone;          /* digits; or none */
	str to_lid;            /* and the hidden id of linked devices, when it is known */
	str to_bsuid;          /* or this */
	str to_group;          /* or a group, and then neither */
	str options;           /* JSON object that check_options let through, or none */
	str reply_remote_id;   /* quoted message, or none */
	/* that message, for networks that want it whole; kind 0: not known */
	struct outgoing_quote {
		enum message_kind kind;
		str content;
		bool is_ours;
		str author_phone, author_lid; /* digits, when it is not ours; or none */
	} quoted;
	/* stands in for the media "id" of content: what upload_media gave */
	str media_remote_id;
	/* the same for the files of headers and cards: ours, and what stands in for it */
	const struct media_swap { str ours, remote_id; } *swaps;
	size_t swap_count;
	/* sends of this message before this one: RETRY_AFTER grows with them */
	unsigned attempts;
	/* Of the chat: messages disappear after so long, and since when it is so; 0: they stay. */
	int64_t timer_s, timer_set_ms;
	/* how often it was forwarded, this time included; 0: it was written */
	int64_t forwards;
	/* of a provider that is paced: somebody seems to type for so long before it; 0: no */
	int64_t typing_ms;
};

/* What to do about a failed call. */
enum retry_advice {
	RETRY_NEVER,     /* final as it is */
	RETRY_BACKOFF,   /* exponential back-off */
	RETRY_AFTER,     /* wait job->retry_after_ms (pair rate, …) */
	RETRY_LATER,     /* a condition must change: long back-off */
	RETRY_TEMPLATE,  /* final; a template instead would do */
	/* the channel is broken (token, account): final, and its health turns failing */
	RETRY_STOP,
};

struct send_result {
	/* On OK: the network's id of the message. Where we make it: also when it may have happened.
	 */
	str remote_id;
	str recipient_id;   /* the account it resolved to (wa_id), or none */
	/* On error: job->code, job->why (sentence) and job->next_step are set, and: */
	enum retry_advice advice;
	bool may_have_happened; /* the request may have been accepted: unconfirmed, not failed */
	str provider_trace; /* fbtrace_id or the like */
};

struct media_info {
	str mime_type, file_name, sha256;
	int64_t size;
	enum message_kind kind; /* of an upload: what it is sent as; KIND_UNKNOWN: not known */
	bool is_later;          /* of what came: fetched only when somebody wants to see it */
};

/* Takes a media body piece by piece; false stops the fetch. */
struct media_sink { bool (*put)(void *arg, bytes piece); void *arg; int64_t size_max; };

/* ---- what comes in: parse() makes a list of these; inbox/receive.h applies them ---- */

enum event_kind {
	/* a customer's message, or an echo of the owner's (is_echo), or history */
	EVENT_MESSAGE,
	EVENT_STATUS,
	EVENT_REACTION,
	EVENT_EDIT,
	EVENT_REVOKE,
	EVENT_IDENTITY,       /* ids of one person change or are learnt: alias_* and previous_* */
	EVENT_TEMPLATE,       /* status, quality, category of a template changed */
	EVENT_PREFERENCE,     /* marketing stop/resume */
	EVENT_CONTACT,        /* the owner's address book (coexistence): name for a phone */
	EVENT_NOTICE,         /* account, number, security, flow, …: a sentence for people */
	EVENT_VOTE,           /* who chose what in a poll of ours or theirs */
	EVENT_CHAT,           /* the owner did something to a chat on the phone: done */
	EVENT_LABEL,          /* a label of the owner's phone: item_*, is_gone */
	EVENT_QUICK_REPLY,    /* a quick reply of it: the same */
	EVENT_UNDRAWN,        /* a kind that nothing draws yet: the raw event is kept and shown */
};

/* Who it is about: any of the names may be missing. phone and lid are digits. group: the id of a
 * group, which has no other names. */
struct person_ref { str phone, lid, bsuid, parent_bsuid, name, username, group; };

/* What somebody did to a chat: the owner on the phone, or people here. */
enum chat_done {
	CHAT_READ,
	CHAT_ARCHIVED,
	CHAT_UNARCHIVED,
	CHAT_NAMED,
	CHAT_PINNED,
	CHAT_UNPINNED,
	CHAT_MUTED,
	CHAT_UNMUTED,
	CHAT_STARRED,         /* a message of it */
	CHAT_UNSTARRED,
	CHAT_LABELLED,
	CHAT_UNLABELLED,
	CHAT_CLEARED,         /* its messages were deleted on the phone */
	CHAT_DELETED,         /* and the chat, too */
	CHAT_IDENTITY,        /* their key is another one: a new phone, or installed anew */
	CHAT_LABEL_NAMED,     /* no chat but a label: made, renamed, or in another colour */
	CHAT_LABEL_DELETED,
	CHAT_BLOCKED,         /* the person; told, never asked for (provider_block) */
	CHAT_UNBLOCKED,
	CHAT_DONE_COUNT
};
/* "read", "archived", … */
const char *chat_done_name(enum chat_done done);
bool chat_done_parse(str name, enum chat_done *out);
/* The colours that labels of a phone have, by number: "#ff9485". */
#define CHAT_COLOURS 20
const char *chat_colour(int64_t number);
/* The number of the one that is nearest. */
int chat_colour_near(str colour);

/* For the owner's own devices. */
struct chat_told {
	enum chat_done done;
	struct person_ref who;  /* or the group */
	str name;               /* of CHAT_NAMED */
	str newest_id;          /* of its messages; none: it has none */
	bool newest_is_ours;
	int64_t newest_ms;
	int64_t until_ms;       /* of CHAT_MUTED: -1 for ever */
	/* of a star */
	str message_id;
	bool message_is_ours;
	struct person_ref author; /* in a group, of what is not ours */
	/* of a label: as the phone knows it; is_new: it does not know it yet */
	str label_id, label_name;
	int label_colour;
	bool label_is_new;
};

struct provider_event {
	enum event_kind kind;
	/* the webhook's word for it: "messages", "statuses", "account_update", … */
	str field;
	str channel_remote_id;  /* the number it names (phone_number_id); none: the URL's channel */
	str account_id;         /* entry id (WABA) */
	struct person_ref who;  /* sender of a message; recipient of a status or echo */
	int64_t at_ms;          /* provider's time; 0 if it told none */

	/* EVENT_MESSAGE (and the inner one of EVENT_EDIT) */
	/* wamid; of the message that a status, reaction, edit or revoke is about: target_id */
	str remote_id;
	enum message_kind message_kind;
	str content;            /* JSON object of the kind */
	str reply_to;           /* remote id quoted, or none */
	unsigned flags;         /* enum message_flags */
	bool is_echo, is_history;
	/* a customer's call: no words of theirs, and a contact all the same */
	bool opens_window;
	str group_id;
	str referral;           /* JSON, or none */
	struct media_info media;/* mime_type set for media kinds */
	str media_remote_id, media_url;
	/* it says after how many seconds messages of its chat disappear (0: never), and since when
	 * (0: not told) */
	bool tells_timer;
	int64_t timer_s, timer_set_ms;

	/* EVENT_STATUS, REACTION, EDIT, REVOKE, VOTE */
	str target_id;          /* remote id */
	/* our id when the provider gave it back (biz_opaque_callback_data); else 0 */
	id64 target_message;
	enum message_status status;
	str error_code, error_sentence, error_next_step; /* failed */
	str pricing;            /* JSON, or none */
	str emoji;              /* reaction; empty: removed */
	/* JSON list of SHA-256 of the names of the options chosen, as hex; empty list: taken back
	 */
	str votes;

	/* EVENT_IDENTITY: who = the new names; previous = the old */
	struct person_ref previous;

	/* EVENT_TEMPLATE */
	str template_id, template_name, template_language, template_status, template_category,
		template_quality, reason;

	/* EVENT_PREFERENCE */
	str preference; /* "stop", "resume" */

	/* EVENT_CHAT: done; CHAT_READ: all up to at_ms; of a label: item_id; of a star: target_id.
	 * is_first: one of many, of a first reading: nobody did it just now. */
	enum chat_done done;
	bool is_first;
	int64_t until_ms;       /* of CHAT_MUTED: -1 for ever */
	/* EVENT_LABEL, EVENT_QUICK_REPLY: name: or the shortcut */
	str item_id, item_name, item_text;
	int item_colour;
	bool is_gone;

	/* EVENT_NOTICE, EVENT_UNDRAWN */
	str severity;           /* "info", "warning", "critical" */
	str sentence;
	str detail;             /* JSON of the value */
};

/* At most this many of one body: a history sync brings thousands. */
#define PROVIDER_EVENTS_MAX 50000

struct provider_events { struct provider_event *items; size_t count, cap; };
/* Zeroed; the pointer holds until the next add. Past PROVIDER_EVENTS_MAX: a spare one that is not
 * counted. */
struct provider_event *provider_events_add(struct job *job, struct provider_events *events,
	enum event_kind kind);
/* "message", "status", …: for logs and tests. */
const char *event_kind_name(enum event_kind kind);

/* components: JSON list as Meta writes it; parameter_format: POSITIONAL or NAMED. reason: why it
 * was rejected, or empty. */
struct template_info {
	str remote_id, name, language, category, status, quality, reason, parameter_format,
		components;
};
struct provider_health {
	bool ok;
	str sentence, next_step;
	str phone, verified_name, quality; /* what the provider says of the number */
	/* All that it tells, as a JSON object (docs/api/README.md, "What the network tells of a
	 * number"), or none; token_expires_ms 0: never, or not told. */
	str told;
	int64_t token_expires_ms;
};

/* Where the network sends webhooks of the number. url: empty when it told none. */
struct provider_subscription {
	bool subscribed; /* the app hears of the account at all */
	str url;
};

/* What customers see of the number. In a change: a text without pointer stays as it is, and so do
 * the websites unless has_websites. */
#define PROFILE_WEBSITES_MAX 2
struct business_profile {
	str about, address, description, email, vertical, picture_url;
	str picture_handle; /* of a change: from template_sample */
	bool has_websites;
	str websites[PROFILE_WEBSITES_MAX];
	size_t website_count;
};

/* What a channel of a provider has to be made with, of the fields that all share. What is not
 * needed may still be given. */
enum provider_needs {
	/* remote_id, digits; else the phone's digits, or our channel id */
	NEEDS_PHONE_NUMBER_ID = 1,
	NEEDS_WABA = 2,            /* account_id, digits; else as remote_id */
	NEEDS_TOKEN = 4,
	NEEDS_APP_SECRET = 8,      /* else it is made up */
	NEEDS_PHONE = 16,
	NEEDS_CONFIG = 32,
};

/* What verify() may know: in memory, for the loop. rule: what webhook_rule() made, or none. */
struct webhook_keys {
	str app_secret, verify_token, rule;
	str old_app_secret; /* taken, too, until then */
	int64_t old_secret_until_ms;
};

#define PROVIDER_CONFIG_MAX (32u << 10) /* octets of a channel's config, as JSON text */
struct manage_call; /* provider/manage.h */

/* A webhook that tells nothing, proven as the network proves its own: by it we test our own address
 * (to which query is put, if there is one). */
#define PROOF_HEADERS_MAX 3
struct webhook_proof {
	str body, query;
	struct header headers[PROOF_HEADERS_MAX];
	size_t header_count;
};

struct provider {
	const char *name;       /* "cloud" */
	const char *title;      /* "WhatsApp Cloud API" */
	uint64_t can;
	unsigned needs;         /* enum provider_needs */
	bool is_development;    /* its channels are of the environment "development" only */
	bool media_by_link;     /* no upload: our files go as links (outgoing.media_remote_id) */
	/* its numbers are those of persons' phones: sent at their pace (account/pace.h) */
	bool is_paced;
	/* buttons and lists leave as numbered text: answers are found by inbox/choice.c */
	bool numbers_choices;
	bool secret_in_url;     /* webhooks come to /webhooks/{name}/{channel}/{app_secret} */
	/* status of a webhook that verify() refused; 0: 401 */
	int forged_status;
	/* Members of config that are secret, as "secrets.*" or "login.password"; NULL at the end.
	 * Read back they are PROVIDER_SECRET_MASK, and that text in a change keeps what is there.
	 */
	const char *const *config_secrets;
	uint64_t can_group;     /* kinds that groups take; 0: none, or there are no groups */
	bool pins_anywhere;     /* messages are pinned in chats with one person, too */
	/* its network counts no messages to one person: new channels neither */
	bool no_pair_limit;
	size_t parallel_sends;  /* lanes of a channel; a conversation stays on one */
	size_t text_max;        /* code points */

	/* A channel was made: in the open transaction of job->workspace. ERR_LIMIT: there may be no
	 * more. */
	enum err (*created)(struct job *job, const struct channel *ch);
	/* It is about to be deleted: what the network and the store have of it goes. */
	enum err (*removing)(struct job *job, const struct channel *ch);
	/* Field errors under "config": may a channel have this one? No I/O. Absent: it must be
	 * empty. */
	void (*config_check)(struct job *job, json config);
	/* What a channel with this config can do, within `can`; absent: all of it. No I/O. */
	uint64_t (*config_can)(json config);
	/* How webhooks prove themselves, for webhook_keys.rule; absent: none. No I/O. */
	str (*webhook_rule)(struct job *job, const struct channel *ch);

	/* Field errors by field_error(), all at once: is this content sendable here? No I/O; any
	 * worker. */
	enum err (*check)(struct job *job, const struct channel *ch, enum message_kind kind,
		json content);
	/* The same for what a message asks for beside its content (struct outgoing.options): a
	 * member for each of MESSAGE_OPTIONS that is there. Absent: none of them can be asked for.
	 */
	enum err (*check_options)(struct job *job, const struct channel *ch, enum message_kind kind,
		json options);
	enum err (*send)(struct job *job, const struct channel *ch, const struct outgoing *msg,
		struct send_result *out);
	enum err (
		*mark_read)(struct job *job, const struct channel *ch, str remote_id, bool typing);
	/* Absent: its network has no other devices. Kept until it can be said. */
	enum err (*tell_chat)(struct job *job, const struct channel *ch,
		const struct chat_told *told);
	enum err (*fetch_media)(struct job *job, const struct channel *ch, str media_remote_id,
		str url, const struct media_sink *sink, struct media_info *out);
	/* path: a plain file, for the time of the call. */
	enum err (*upload_media)(struct job *job, const struct channel *ch,
		const struct media_info *info, const char *path, str *remote_id);
	/* May what an earlier upload gave be sent as this kind, too? Absent: it may. No I/O. */
	bool (*media_fits)(struct job *job, const struct channel *ch, str remote_id,
		enum message_kind kind);
	/* May media of this type and size be sent as this kind? field errors. No I/O. */
	enum err (
		*check_media)(struct job *job, enum message_kind kind, str mime_type, int64_t size);
	/* Is this webhook really from the provider? Constant time, raw octets; no allocation, no
	 * I/O: on the loop. */
	bool (*verify)(const struct webhook_keys *keys, const struct request *req);
	/* body: none for one that tells nothing. ERR_UNSUPPORTED: the channel takes no webhooks. No
	 * I/O. */
	enum err (*prove)(struct job *job, const struct channel *ch, str body,
		struct webhook_proof *out);
	/* The verification handshake: true and the text to answer. On the loop. */
	bool (*handshake)(str verify_token, struct arena *arena, const struct request *req,
		str *answer);
	/* Decodes a verified body into events, in order. ERR_INPUT when it is not JSON of the known
	 * envelope. ch: the one it was posted to. No I/O. */
	enum err (*parse)(struct job *job, const struct channel *ch, str body,
		struct provider_events *out);
	enum err (*health)(struct job *job, const struct channel *ch, struct provider_health *out);
	enum err (*templates)(struct job *job, const struct channel *ch, struct template_info **out,
		size_t *count);
	/* Submits a new one for review: remote_id, status and category come back. */
	enum err (*template_create)(struct job *job, const struct channel *ch,
		const struct template_info *draft, struct template_info *out);
	/* Replaces the components (and the category, if it is there) of the one with remote_id. */
	enum err (*template_edit)(struct job *job, const struct channel *ch,
		const struct template_info *draft);
	/* That of remote_id; without it, all languages of the name. */
	enum err (*template_delete)(struct job *job, const struct channel *ch, str name,
		str remote_id);
	/* A file as the sample of a header: what stands for it in the components. path: as for
	 * upload_media. */
	enum err (*template_sample)(struct job *job, const struct channel *ch,
		const struct media_info *info, const char *path, str *handle);
	/* The network lets nothing of this person through to the number any more, or again. */
	enum err (*block)(struct job *job, const struct channel *ch, const struct person_ref *who,
		bool blocked);
	enum err (
		*profile)(struct job *job, const struct channel *ch, struct business_profile *out);
	enum err (*profile_set)(struct job *job, const struct channel *ch,
		const struct business_profile *draft);
	/* Subscribes the account's webhooks to url, where the provider lets us; and what came of
	 * it, as the provider sees it. */
	enum err (*subscribe)(struct job *job, const struct channel *ch, str url);
	enum err (*subscription)(struct job *job, const struct channel *ch,
		struct provider_subscription *out);
	/* Management by named calls: provider/manage.h. */
	const struct manage_call *manage_calls;
	size_t manage_count;
	enum err (*manage)(struct job *job, const struct channel *ch,
		const struct manage_call *call, json parameters, str *answer);
};

/* By name; NULL when there is none. */
const struct provider *provider_find(str name);
/* All of them; out gets the count. */
const struct provider *const *provider_all(size_t *count);
extern const struct provider cloud_provider, echo_provider, http_provider, linked_provider,
	msg91_provider;
/* May addresses of a channel's own config be private, or plain http? Set once at start. */
extern bool provider_private_calls;
/* How a provider without a network tells what came of a message: as a webhook's body that came for
 * the channel. Set once at start; NULL: nobody listens. On call workers. */
extern enum err (*provider_loopback)(struct job *job, const struct channel *ch, str body);

#define PROVIDER_SECRET_MASK S("********")
/* What can be sent and done on this channel: bits as of provider.can. */
uint64_t provider_can(const struct channel *ch);

/* The same calls, with ERR_UNSUPPORTED for what a provider lacks. send also refuses kinds the
 * provider cannot send. */
enum err provider_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out);
enum err provider_mark_read(struct job *job, const struct channel *ch, str remote_id, bool typing);
enum err provider_fetch_media(struct job *job, const struct channel *ch, str media_remote_id,
	str url, const struct media_sink *sink, struct media_info *out);
enum err provider_upload_media(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *remote_id);
enum err provider_check(struct job *job, const struct channel *ch, enum message_kind kind,
	json content);
/* Field errors for what the provider has no word for. options NULL: none. */
enum err provider_check_options(struct job *job, const struct channel *ch, enum message_kind kind,
	json options);
enum err provider_health_of(struct job *job, const struct channel *ch, struct provider_health *out);
enum err provider_templates(struct job *job, const struct channel *ch, struct template_info **out,
	size_t *count);
enum err provider_template_create(struct job *job, const struct channel *ch,
	const struct template_info *draft, struct template_info *out);
enum err provider_template_edit(struct job *job, const struct channel *ch,
	const struct template_info *draft);
enum err provider_template_delete(struct job *job, const struct channel *ch, str name,
	str remote_id);
enum err provider_template_sample(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *handle);
enum err provider_block(struct job *job, const struct channel *ch, const struct person_ref *who,
	bool blocked);
enum err provider_prove(struct job *job, const struct channel *ch, str body,
	struct webhook_proof *out);
enum err provider_profile(struct job *job, const struct channel *ch, struct business_profile *out);
enum err provider_profile_set(struct job *job, const struct channel *ch,
	const struct business_profile *draft);
enum err provider_subscribe(struct job *job, const struct channel *ch, str url);
enum err provider_subscription(struct job *job, const struct channel *ch,
	struct provider_subscription *out);

#endif
