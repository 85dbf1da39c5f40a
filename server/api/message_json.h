/*
 * message_json.h: messages and conversations as the API shows them.
 *
 * Whatever a page names (contacts, people, channels, quoted messages, attachments) is loaded for
 * the whole page at once by view_load(), a query for each kind; the writers only look it up.
 */
#ifndef API_MESSAGE_JSON_H
#define API_MESSAGE_JSON_H

#include "inbox/inbox.h"
#include "store/queries.h"

#define VIEW_ITEMS_MAX 100 /* conversations, and messages, of one view */
#define VIEW_MENTIONS_MAX 64 /* persons named by the messages of one view; others stay numbers */

struct route_decision; /* account/route.h */

struct view_ask {
	struct conversations conversations;
	struct messages messages;   /* their conversations are loaded along with them */
	/* of the conversations; never for those who may not read messages */
	bool last_messages;
	/* without names and numbers: for those who may not read contacts */
	bool hides_contacts;
};

/* Somebody a text names by "@digits"; contact 0: nobody whom we know. */
struct view_mention { str digits; bool is_lid; id64 contact; };

struct view {
	struct conversations conversations;
	struct messages messages, quoted;
	struct contacts contacts;
	struct person_name_rows people, keys;
	struct team_name_rows teams;
	struct conversation_label_rows labels;
	struct channel_brief_rows channels;
	bool *windowed; /* of each: free text has a window there */
	struct message_media_rows media;
	struct message_in_outbox_rows waiting;
	struct message_option_rows options;
	struct chat_mark_rows marks;
	struct message_star_rows stars;
	struct view_mention mentions[VIEW_MENTIONS_MAX];
	size_t mention_count;
	/* of the one message that is asked for alone; NULL: not shown */
	const struct route_decision *route;
	bool is_held; /* what waits: the workspace is under maintenance */
};

/* Of whoever asks. */
bool may_read_contacts(const struct job *job);
bool may_read_messages(const struct job *job);

enum err view_load(struct job *job, const struct view_ask *ask, struct view *out);
/* A whole answer: the one conversation, as its asker may see it. */
struct response;
enum err reply_conversation(struct job *job, struct response *res,
	const struct conversation *conv);
enum err reply_message(struct job *job, struct response *res, int status,
	const struct message *msg);
const struct conversation *view_conversation(const struct view *view, id64 id);
const struct contact *view_contact(const struct view *view, id64 id);

/* ---- who is named in texts (message_mention.c) ---- */

/* Of its messages; their contacts are loaded after it. */
enum err view_load_mentions(struct job *job, struct view *view);
void view_write_mentions(struct job *job, struct buf *out, const struct view *view,
	const struct message *msg);

/* ---- pins, mutes and stars (message_marks.c) ---- */

enum err view_load_marks(struct job *job, struct view *view);
void view_write_marks(struct job *job, struct buf *out, const struct view *view,
	const struct conversation *conv);
bool view_is_starred(const struct view *view, id64 message);

/* key NULL: an element of a list, or the whole. */
enum err message_write_json(struct job *job, struct buf *out, const char *key,
	const struct view *view, const struct message *msg);
enum err conversation_write_json(struct job *job, struct buf *out, const char *key,
	const struct view *view, const struct conversation *conv);
/* A number as people read it; none when it is none. */
str with_plus(struct job *job, str digits);
/* What a conversation shows of it. */
void contact_write_json(struct job *job, struct buf *out, const char *key,
	const struct contact *contact);

#endif
