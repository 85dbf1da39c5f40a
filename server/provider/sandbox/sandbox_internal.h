/*
 * sandbox_internal.h: what the files of the sandbox share.
 *
 * graph*.c answer as Meta, control*.c do what no real network would, people.c holds customers and
 * threads, webhooks.c sends, faults.c decides what goes wrong, journal.c counts. Everything is
 * touched on the loop alone, but the config of media.c, which does not change.
 */
#ifndef PROVIDER_SANDBOX_SANDBOX_INTERNAL_H
#define PROVIDER_SANDBOX_SANDBOX_INTERNAL_H

#include "base/json.h"
#include "provider/message.h"
#include "provider/sandbox/sandbox.h"

#define NUMBERS_MAX 64
#define CUSTOMERS_MAX 20000
#define MESSAGES_MAX 500000      /* in all; past it sends are refused with 131016 */
#define BODIES_MAX 50000         /* of the newest messages; older ones keep their ids and counts */
#define DELIVERIES_MAX 100000    /* webhooks waiting; the oldest goes past it */
#define DELIVERIES_LOG_MAX 500
#define IN_FLIGHT_MAX 16
#define FAULTS_MAX 64
#define WAITERS_MAX 200
#define WINDOW_MS (24 * 3600 * 1000LL)
#define GROUP_MEMBERS_MAX 8
#define TYPING_MS 25000
#define ANSWER_MAX (8u << 20)
#define MEDIA_SIZE_MAX (100u << 20)
#define WAMID_MAX 128

struct table; /* text → pointer */
struct table *table_create(void);
void table_destroy(struct table *t);
void *table_find(const struct table *t, str key);
void table_put(struct table *t, str key, void *value); /* key is borrowed for the table's life */
void table_clear(struct table *t);

struct number {
	char *phone_number_id, *account_id, *phone, *verified_name, *token, *app_secret,
		*verify_token, *webhook_url;
	char *msg91_webhook_url; /* where MSG91's go; NULL: nowhere */
	char *profile;       /* JSON, or NULL: none was set */
	char *old_token;     /* taken as well, while a token is changed; NULL: none */
	/* JSON objects, or NULL: what control says of the number and its account; its settings */
	char *told, *told_account, *settings, *commerce, *automation, *username, *public_key;
	char pin[8], sms_code[8];
	bool unregistered, unverified;
	int64_t registrations, code_requests;
	struct qr_code *qr_codes;
	double tokens;       /* of the pace limit */
	int64_t filled_ms;
	bool broken;         /* status DISCONNECTED: for health tests */
};

struct qr_code {
	struct qr_code *next;
	char *code, *text;
};

struct sandbox_flow {
	struct sandbox_flow *next;
	char *account_id, *id, *name, *categories, *status, *endpoint_uri;
};

/* A resumable upload: how much of it came. */
struct upload {
	struct upload *next;
	char *id;
	int64_t length, got;
};

/* One call of the Graph API as it came, for tests of what is sent. */
struct seen_call {
	struct seen_call *next;
	int64_t id;
	const char *method;
	char *target, *type, *body, *token_end;
};

/* A customer's chat with one number. */
struct thread {
	struct thread *next;
	struct number *number;
	int64_t inbound_ms;  /* of the customer's last message */
	int64_t typing_until_ms;
	double tokens;       /* of the pair limit */
	int64_t filled_ms;
	int64_t marketing_ms, marketing_count; /* of the 24 h that began then */
	int64_t opened_ms;   /* the last template outside of a window */
	struct chat *first, *last;
	size_t unread;       /* of the customer */
	bool is_blocked;     /* by the business */
};

struct customer {
	struct customer *next;
	char *phone, *name, *username, *user_id;
	bool hides_phone, offline, reads_at_once, blocks, stopped_marketing;
	/* a group instead: phone is its id, and members are not owned */
	bool is_group;
	struct customer *members[GROUP_MEMBERS_MAX];
	size_t member_count;
	struct thread *threads;
	size_t in_flight;    /* webhooks about this customer on their way */
	int64_t change;      /* of the last change in one of its chats */
};

/* One message of a chat, either way. */
struct chat {
	struct chat *next, *newer;  /* in its thread; in all */
	struct customer *customer;
	struct thread *thread;
	struct sandbox *sandbox;
	int64_t change, at_ms;
	/* body: the message as it was sent, JSON; NULL once forgotten */
	char *wamid, *biz, *body;
	char *reaction;             /* emoji the other side put on it, or NULL */
	enum message_kind kind;
	bool from_business;
	enum message_status status;
	char *request_id;           /* of MSG91, when it was sent that way; NULL: not */
	char *pricing;              /* category for its status webhooks */
};

/* A template of an account; components is JSON. */
struct sandbox_template {
	struct sandbox_template *next;
	char *account_id, *id, *name, *language, *category, *status, *quality, *reason,
		*parameter_format, *components;
	struct delay *review;
};

struct waiter {
	struct waiter *next;
	struct exchange *ex;
	struct customer *customer;
	struct number *number;
	int64_t after;
	struct delay *delay;
};

enum fault_kind {
	FAULT_LATENCY,	   /* ms before the answer; the message is accepted before */
	FAULT_HTTP,	   /* status, a page that is no JSON, nothing accepted */
	FAULT_GRAPH,	   /* code, as Meta answers it, nothing accepted */
	FAULT_LOST_ANSWER, /* accepted, then the connection is closed without an answer */
	FAULT_RESET,	   /* the connection is closed, nothing accepted */
	FAULT_WEBHOOK_DUPLICATE,
	FAULT_WEBHOOK_DELAY,
	FAULT_WEBHOOK_REORDER,
	FAULT_WEBHOOK_BAD_SIGNATURE,
	FAULT_WEBHOOK_DROP,
	FAULT_UPLOAD_CUT,  /* code octets of a resumable upload arrive, then the line is cut */
	FAULT_MANAGE,      /* code, for any call but /messages */
	FAULTS
};

struct fault {
	int64_t id;
	enum fault_kind kind;
	int64_t count;              /* left; -1: for ever */
	double probability;
	int64_t ms, code;
	char to[24], type[24];      /* match; empty: any */
	int64_t hits;
};

struct settings_now {
	bool enforce_window, window_in_status, webhooks_paused;
	int64_t pace_per_second, pair_interval_ms, pair_burst; /* 0: no limit */
	/* read_ms -1: when the customer reads */
	int64_t sent_ms, delivered_ms, read_ms;
	/* marketing templates a customer gets in 24 h before 131049; people a number may write to
	 * outside of windows in 24 h before 131048; 0: no limit */
	int64_t marketing_cap, people_cap;
	int64_t template_review_ms; /* -1: only the control API decides */
	int64_t retry_first_ms, retry_max_ms, retry_give_up_ms;
};

struct delivery {
	struct delivery *next, **at;
	struct delay *delay;        /* until its next attempt */
	struct sandbox *sandbox;
	int64_t id, created_ms;
	struct number *number;
	struct customer *customer;
	char *body;
	char *what;                 /* "messages", "statuses", … */
	size_t body_len;
	int attempts, last_status;
	bool bad_signature, in_flight, forgotten; /* forgotten by a reset while in flight */
	char *url, *secret;         /* of the attempt in flight */
	char error[64];
	/* of the attempt in flight: its worker writes them, the loop takes them over after it */
	int new_status;
	char new_error[64];
};

struct sandbox {
	struct loop *loop;
	struct pool *pool;
	struct http_server *http, *https;
	char certificate[512];
	char *folder;               /* of media */
	bool is_temporary;
	uint8_t media_key[32];
	struct number numbers[NUMBERS_MAX];
	_Atomic size_t number_count; /* media.c reads it on workers; numbers are never taken out */
	struct customer *customers, **customers_end;
	size_t customer_count;
	struct table *by_phone, *by_user_id, *by_wamid;
	struct chat *oldest, *newest, *oldest_with_body;
	size_t chat_count, body_count;
	int64_t change;
	struct settings_now settings;
	struct fault faults[FAULTS_MAX];
	size_t fault_count;
	int64_t next_fault;
	struct delivery *queue, **queue_end;   /* also those in flight and waiting for a retry */
	struct delivery *held;                 /* reordered: goes behind the next one */
	struct delivery *log, **log_end;       /* done, newest last, at most DELIVERIES_LOG_MAX */
	size_t queue_count, in_flight, log_count;
	int64_t next_delivery, deliveries_ok, deliveries_failed;
	struct waiter *waiters;
	size_t waiter_count;
	struct delay *delays;
	bool stopping; /* stopped: the memory goes when nothing is in flight any more */
	struct journal *journal;
	struct sandbox_template *templates, **templates_end;
	size_t template_count, templates_made;
	struct sandbox_flow *flows;
	int64_t flows_made;
	struct upload *uploads;
	struct seen_call *seen, **seen_end;
	size_t seen_count;
	int64_t seen_made;
};

extern struct sandbox *the_sandbox; /* handlers of routes have no other way to it */

/* ---- sandbox.c ---- */
/* gives the memory back if it is stopped and nothing is in flight */
void sandbox_end(struct sandbox *sb);
char *heap_text(str s);              /* a copy, terminated; "" for none */
void set_text(char **at, str s);     /* replaces a copy */
/* fn(arg) on the loop after delay_ms; drop(arg) instead, if not NULL, when all is cancelled by a
 * stop or reset. */
struct delay *sandbox_after(struct sandbox *sb, int64_t delay_ms, void (*fn)(void *arg),
	void (*drop)(void *arg), void *arg);
void sandbox_cancel(struct delay *delay); /* without drop; NULL allowed */
void sandbox_cancel_all(struct sandbox *sb);
void answer_json(struct exchange *ex, int status, const struct buf *b);
/* {"error":{…}} as Graph writes it. details may be none. */
void answer_graph_error(struct exchange *ex, int64_t code, int64_t subcode, str message,
	str details);
/* The usual message and HTTP status of a code. */
void answer_code(struct exchange *ex, int64_t code, str details);
void answer_control_error(struct exchange *ex, int status, const char *sentence);
/* for functions that want one; nothing may be deferred on it */
struct job loop_job(struct exchange *ex);
/* answers by itself when false */
bool read_object(struct exchange *ex, const struct request *req, json *out);

/* ---- linked.c: the network of linked devices ---- */
/* data_folder: where pairings are kept over a restart, or NULL */
void sandbox_linked_start(const char *data_folder);
void linked_started(void); /* the sandbox is whole */
/* All of a file into out, as far as out takes it (out->failed); false: it cannot be read. */
bool linked_read_file(const char *path, struct buf *out);
void sandbox_linked_stop(void); /* after the HTTP server is gone */
void linked_socket(const struct request *req, struct ws *ws);
void control_linked(const struct request *req, struct exchange *ex);
void control_linked_scan(const struct request *req, struct exchange *ex);
void control_linked_code(const struct request *req, struct exchange *ex);
void control_linked_faults(const struct request *req, struct exchange *ex);
void control_linked_device(const struct request *req, struct exchange *ex);
void control_linked_media(const struct request *req, struct exchange *ex);
void control_linked_media_calls(const struct request *req, struct exchange *ex);
void control_linked_media_expire(const struct request *req, struct exchange *ex);
void control_linked_stanzas(const struct request *req, struct exchange *ex);
void control_linked_phone(const struct request *req, struct exchange *ex);
void linked_picture(const struct request *req, struct exchange *ex);

/* ---- linked_phone.c: phones of it that are played ---- */
void control_phone_messages(const struct request *req, struct exchange *ex);
void control_phone_say(const struct request *req, struct exchange *ex);
void control_phone_read(const struct request *req, struct exchange *ex);
void control_phone_typing(const struct request *req, struct exchange *ex);
void control_phone_chats(const struct request *req, struct exchange *ex);
void control_phone_chat(const struct request *req, struct exchange *ex);
void control_phone_past(const struct request *req, struct exchange *ex);
enum err control_phone_file(struct job *job, const struct request *req, struct response *res);

/* ---- linked_deed.c: what else their owners do, and see ---- */
void control_phone_group(const struct request *req, struct exchange *ex);
void control_phone_do(const struct request *req, struct exchange *ex);
void control_phone_seen(const struct request *req, struct exchange *ex);

/* ---- linked_media.c: its files; on workers ---- */
enum err linked_media_upload(struct job *job, const struct request *req, struct response *res);
enum err linked_media_download(struct job *job, const struct request *req, struct response *res);
enum err linked_media_delete(struct job *job, const struct request *req, struct response *res);
/* Makes a key and a certificate for 127.0.0.1, into these files. */
bool linked_certificate(const char *certificate_path, const char *key_path);

/* ---- graph.c, graph_send.c, graph_template.c, template_fit.c ---- */
/* A token of any number; answers 190 by itself when false. */
bool graph_token(const struct request *req, struct exchange *ex);
/* By token and id; answers 190, 100/33 by itself and gives NULL. */
struct number *graph_number(const struct request *req, struct exchange *ex, str id);
struct number *graph_account(const struct request *req, struct exchange *ex, str id);
bool token_is_good(const struct request *req, const struct number *number);
void graph_send(const struct request *req, struct exchange *ex);
void graph_send_marketing(const struct request *req, struct exchange *ex);
void graph_object(const struct request *req, struct exchange *ex);       /* GET /v/{id} */
void graph_delete(const struct request *req, struct exchange *ex);
void graph_phone_numbers(const struct request *req, struct exchange *ex);
void graph_templates(const struct request *req, struct exchange *ex);
/* POST, DELETE and GET /v/{id}/block_users */
void graph_profile(const struct request *req, struct exchange *ex);
void graph_profile_set(const struct request *req, struct exchange *ex);
void graph_block(const struct request *req, struct exchange *ex);
void graph_unblock(const struct request *req, struct exchange *ex);
void graph_blocked(const struct request *req, struct exchange *ex);
void graph_subscribe(const struct request *req, struct exchange *ex);
void graph_subscriptions(const struct request *req, struct exchange *ex);
void graph_template_create(const struct request *req, struct exchange *ex);
bool graph_template_write(struct buf *b, str id); /* false: no such */
void graph_template_delete(const struct request *req, struct exchange *ex);
void graph_object_post(const struct request *req, struct exchange *ex);  /* POST /v/{id} */
/* One send of an account, as it came. */
struct template_send { str account; json template; };
/* 0: fits; else the code that Meta answers, with details. *category is set when it fits. */
int64_t template_refusal(struct arena *arena, const struct template_send *send, str *details,
	const char **category);
struct sandbox_template *sandbox_template_find(str account, str name, str language);
extern const char template_seeds[]; /* JSON */
void templates_seed(struct sandbox *sb);
void templates_clear(struct sandbox *sb);

/* ---- graph_manage.c: a number's life and settings ---- */
void graph_number_action(const struct request *req, struct exchange *ex);
/* POST /v/{id} when the id is a number's */
void graph_number_post(const struct request *req, struct exchange *ex, struct number *number);
void graph_number_part(const struct request *req, struct exchange *ex);
void graph_number_part_set(const struct request *req, struct exchange *ex);
void graph_number_part_delete(const struct request *req, struct exchange *ex);
void graph_number_add(const struct request *req, struct exchange *ex);
void graph_accounts(const struct request *req, struct exchange *ex);
void graph_unsubscribe(const struct request *req, struct exchange *ex);
void graph_debug_token(const struct request *req, struct exchange *ex);
/* Fields of a number or account as asked: what control told, or otherwise the given JSON. */
void write_told(struct buf *b, const char *told, const char *name, str otherwise);
/* A copy of json text with the members of `more` in the place of its own; frees nothing of more. */
void merge_json(char **at, struct arena *arena, json more);

/* ---- graph_qr.c ---- */
void graph_qr_list(const struct request *req, struct exchange *ex);
void graph_qr_set(const struct request *req, struct exchange *ex);
void graph_qr_delete(const struct request *req, struct exchange *ex);
void qr_codes_clear(struct number *number);

/* ---- graph_flow.c ---- */
void graph_flows(const struct request *req, struct exchange *ex);
void graph_flow_create(const struct request *req, struct exchange *ex);
void graph_flow_migrate(const struct request *req, struct exchange *ex);
void graph_flow_action(const struct request *req, struct exchange *ex);
void graph_flow_assets(const struct request *req, struct exchange *ex);
struct sandbox_flow *flow_find(str id);
void flow_write(struct buf *b, const struct sandbox_flow *flow);
void flow_change(const struct request *req, struct exchange *ex, struct sandbox_flow *flow);
bool flow_remove(str id);
void flows_clear(struct sandbox *sb);

/* ---- graph_upload.c ---- */
void graph_upload_start(const struct request *req, struct exchange *ex); /* /v/{app}/uploads */
void graph_upload_get(const struct request *req, struct exchange *ex);
void graph_upload_part(const struct request *req, struct exchange *ex);
void uploads_clear(struct sandbox *sb);

/* ---- seen.c ---- */
void seen_note(const struct request *req);
void control_seen(const struct request *req, struct exchange *ex);
void seen_clear(struct sandbox *sb);

/* ---- msg91.c ---- */
#define MSG91_STATUSES "msg91 statuses" /* what of a webhook; a fault's type is the second word */
#define MSG91_MESSAGES "msg91 messages"
/* A send of another shape: accepted without an answer, or refused with its code and why. */
struct quiet_send {
	struct number *number;
	str body, request_id, reference;
	int64_t code;
	str why;
};
bool graph_send_quietly(struct exchange *ex, struct quiet_send *send); /* graph_send.c */
extern struct quiet_send *quiet; /* of the send under way, or NULL: it takes what is refused */
void play91_send(const struct request *req, struct exchange *ex);
void play91_send_bulk(const struct request *req, struct exchange *ex);
void play91_templates(const struct request *req, struct exchange *ex);
void play91_tell(struct chat *chat, str reason); /* its status, as a report */
void play91_inbound(struct sandbox *sb, struct chat *chat, json message);

/* ---- people.c ---- */
struct customer *customer_find(struct sandbox *sb, str phone);
struct customer *customer_make(struct sandbox *sb, str phone, str name); /* NULL past the bound */
struct thread *thread_of(struct customer *c, struct number *number);
struct chat *chat_add(struct sandbox *sb, struct customer *c, struct number *number, str wamid);
void chat_changed(struct chat *chat);
void customer_changed(struct customer *c);
struct chat *chat_find(struct sandbox *sb, str wamid);
str make_wamid(struct arena *arena, str phone);
struct number *number_find(struct sandbox *sb, str phone_number_id);
void people_clear(struct sandbox *sb);

/* ---- group.c ---- */
struct customer *group_find(struct sandbox *sb, str id);
void control_group_create(const struct request *req, struct exchange *ex);

/* ---- status.c ---- */
void status_start(struct chat *chat, int64_t fail_code); /* sent, delivered, … or failed */
void status_read(struct chat *chat);   /* and all before it of the business */
void status_played(struct chat *chat);
void status_online(struct customer *c); /* what waited for the phone arrives */
/* A customer's message goes out as webhook. speaker: who wrote it, in a group another than the
 * chat's customer. */
void inbound_send(struct sandbox *sb, struct chat *chat, const struct customer *speaker,
	json message);

/* ---- webhooks.c ---- */
/* Up to and with metadata; the caller writes the members of value, then closes. */
void webhook_open(struct buf *b, const struct number *number, const char *field);
void webhook_contacts(struct buf *b, const struct customer *customer);
void webhook_close(struct buf *b);
void webhook_post(struct sandbox *sb, struct number *number, struct customer *customer,
	const char *what, const struct buf *body);
void webhooks_pump(struct sandbox *sb);
void webhooks_clear(struct sandbox *sb);
void webhooks_write(struct sandbox *sb, struct buf *b);

/* ---- faults.c ---- */
/* The first that fits and is due; counts it. NULL: none. */
const struct fault *fault_take(struct sandbox *sb, enum fault_kind from, enum fault_kind to,
	str phone, str type);
bool fault_add(struct sandbox *sb, json v, const char **why, int64_t *id);
void faults_write(struct sandbox *sb, struct buf *b);
void fault_page(struct exchange *ex, int64_t status);

/* ---- journal.c ---- */
struct journal;
struct journal *journal_open(const char *folder, str *why); /* folder NULL: in memory */
void journal_close(struct journal *j);
void journal_add(struct journal *j, str biz, str wamid, str to, str type);
int64_t journal_count(struct journal *j, str biz);
void journal_write(struct journal *j, struct buf *b);  /* totals */
void journal_clear(struct journal *j);

/* ---- media.c ---- */
struct media_file { char id[24], type[80], sha256[48]; int64_t size; char path[512]; };
bool media_remove(struct sandbox *sb, const struct media_file *file);
bool media_find(struct sandbox *sb, str id, struct media_file *out);
/* Graph */
enum err media_upload(struct job *job, const struct request *req, struct response *res);
/* signed url */
enum err media_download(struct job *job, const struct request *req, struct response *res);
enum err media_control_upload(struct job *job, const struct request *req, struct response *res);
enum err media_control_download(struct job *job, const struct request *req, struct response *res);
void media_write_info(struct sandbox *sb, struct buf *b, const struct media_file *file);
str media_url(struct sandbox *sb, struct arena *arena, const struct media_file *file);

/* ---- control.c, control_chat.c, phone.c ---- */
void control_write_customer(struct buf *b, const struct customer *c);
void control_write_chat(struct buf *b, const struct chat *chat);
/* By the path, and by an id (none: the first); answer 404 by themselves when NULL. */
struct customer *control_customer(const struct request *req, struct exchange *ex);
struct number *control_number(struct exchange *ex, str id);
void control_customers(const struct request *req, struct exchange *ex);
void control_customer_create(const struct request *req, struct exchange *ex);
void control_customer_message(const struct request *req, struct exchange *ex);
void control_customer_read(const struct request *req, struct exchange *ex);
void control_customer_thread(const struct request *req, struct exchange *ex);
void control_messages(const struct request *req, struct exchange *ex);
void control_webhooks(const struct request *req, struct exchange *ex);
void control_webhook_raw(const struct request *req, struct exchange *ex);
void control_faults(const struct request *req, struct exchange *ex);
void control_fault_add(const struct request *req, struct exchange *ex);
void control_fault_clear(const struct request *req, struct exchange *ex);
void control_settings(const struct request *req, struct exchange *ex);
void control_settings_change(const struct request *req, struct exchange *ex);
void control_numbers(const struct request *req, struct exchange *ex);
void control_number_create(const struct request *req, struct exchange *ex);
void control_templates(const struct request *req, struct exchange *ex);
void control_template_add(const struct request *req, struct exchange *ex);
void control_template_decide(const struct request *req, struct exchange *ex);
void control_reset(const struct request *req, struct exchange *ex);
void waiters_wake(struct sandbox *sb, struct customer *customer);
struct sandbox_page { const char *name, *type; const unsigned char *data; size_t size; };
extern const struct sandbox_page sandbox_pages[];
extern const size_t sandbox_page_count;
enum err phone_page(struct job *job, const struct request *req, struct response *res);

#endif
