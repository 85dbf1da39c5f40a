/*
 * notify_text.c: what a notice says, in the reader's language.
 *
 * The one rule: the text of a message leaves the house only for those who asked for it, and a name
 * only for those who may read contacts.
 */
#include "jobs/notify_internal.h"

#include "base/json.h"
#include "inbox/composer.h"

#include <time.h>

enum { LOCALES = 2, PREVIEW_MAX = 200, DIGEST_OCTETS_MAX = 128u << 10 };

static const char *const texts[TEXTS][LOCALES] = {
	[TEXT_NEW_MESSAGE] = { "New message", "Pesan baru" },
	[TEXT_NEW_MESSAGES] = { "%lld new messages", "%lld pesan baru" },
	[TEXT_MENTION] = { "You were mentioned in a note", "Anda disebut dalam catatan" },
	[TEXT_ASSIGNED] = { "Assigned to you", "Ditugaskan kepada Anda" },
	[TEXT_SLA] = { "A time limit has passed", "Batas waktu terlewati" },
	[TEXT_NOT_SENT] = { "A scheduled message was not sent",
		"Pesan terjadwal tidak terkirim" },
	[TEXT_SOMETHING] = { "Something new in a conversation", "Ada hal baru dalam percakapan" },
	[TEXT_SOMEBODY] = { "A customer", "Seorang pelanggan" },
	[TEXT_TEST_TITLE] = { "Parley", "Parley" },
	[TEXT_TEST_BODY] = { "This is how a notice looks.", "Beginilah tampilan pemberitahuan." },
	[TEXT_SUBJECT_ONE] = { "1 conversation waits for you", "1 percakapan menunggu Anda" },
	[TEXT_SUBJECT_MANY] = { "%lld conversations wait for you",
		"%lld percakapan menunggu Anda" },
	[TEXT_HELLO] = { "Hello", "Halo" },
	[TEXT_WAITING_SINCE] = { "since", "sejak" },
	[TEXT_OPEN] = { "Open", "Buka" },
	[TEXT_WHY] = { "You get this because it waited unread. Change or stop it here:",
		"Anda menerima ini karena belum dibaca. Ubah atau hentikan di sini:" },
	[TEXT_INVITED] = { "You are invited to Parley", "Anda diundang ke Parley" },
	[TEXT_INVITED_BY] = { "invites you to answer customers together at",
		"mengundang Anda menjawab pelanggan bersama di" },
	[TEXT_JOIN] = { "Join", "Bergabung" },
	[TEXT_SETTINGS] = { "Notification settings", "Pengaturan pemberitahuan" },
};

str notify_text(str locale, enum text_key key)
{
	return str_of(texts[key][str_starts(locale, S("id"))]);
}

/* The one text with a number in it: "%lld" is replaced, since formats are literals. */
static str with_number(struct job *job, str text, int64_t number)
{
	size_t at = str_find(text, '%');

	return arena_printf(job->arena, STR_F "%lld" STR_F, STR_A(str_part(text, 0, at)),
		(long long)number, STR_A(str_part(text, at + 4, text.len)));
}

str notify_line(struct job *job, str locale, const struct tale *tale)
{
	static const struct { const char *kind; enum text_key key; } lines[] = {
		{ "mention", TEXT_MENTION },
		{ "assigned", TEXT_ASSIGNED },
		{ "sla", TEXT_SLA },
		{ "scheduled_not_sent", TEXT_NOT_SENT },
	};

	if (str_is(tale->kind, S("message")))
		return tale->waiting > 1 ? with_number(job, notify_text(locale, TEXT_NEW_MESSAGES),
						   tale->waiting)
					 : notify_text(locale, TEXT_NEW_MESSAGE);
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (str_starts(tale->kind, str_of(lines[i].kind)))
			return notify_text(locale, lines[i].key);
	return notify_text(locale, TEXT_SOMETHING);
}

/* ---- who reads it ---- */

enum err notify_reader(struct job *job, id64 person, struct reader *out)
{
	struct person who;

	TRY(person_get(job, person, &who));
	if (who.disabled)
		return fail(job, ERR_MISSING, "a person who is told has left");
	*out = (struct reader){ .id = person, .email = who.email, .name = who.name,
		.locale = who.locale,
		.scope = scope_of(job, person, &who.access),
		.sees_contacts = who.access.permissions & PERMIT(CONTACT_READ),
		.sees_messages = who.access.permissions & PERMIT(MESSAGE_READ) };
	return notify_settings_get(job, person, &out->settings);
}

/* ---- what there is to tell ---- */

static str preview_of(struct job *job, const struct message *msg)
{
	json content;
	str text;

	if (!msg->content.len || msg->deleted_ms ||
		json_read(job->arena, msg->content, &content, NULL) != OK)
		return STR_NONE;
	text = json_text(json_field(content, "body"));
	if (!text.len)
		text = json_text(json_field(content, "caption"));
	return str_first_points(text, PREVIEW_MAX);
}

static enum err add_preview(struct job *job, const struct reader *reader, struct tale *out)
{
	struct message msg;
	bool found;

	if (!reader->settings.shows_text || !reader->sees_messages || !out->message)
		return OK;
	TRY(notify_found(job, message_get(job, out->message, &msg), &found));
	if (found)
		out->preview = preview_of(job, &msg);
	return OK;
}

static enum err add_contact(struct job *job, const struct reader *reader, id64 contact,
	struct tale *out)
{
	struct contact who;
	bool found = false;

	if (reader->sees_contacts)
		TRY(notify_found(job, contact_get(job, contact, &who), &found));
	out->contact = found ? who.name : notify_text(reader->locale, TEXT_SOMEBODY);
	return OK;
}

static enum err is_read(struct job *job, id64 notification, bool *out)
{
	struct notification row;
	bool found;

	TRY(notify_found(job, notification_get(job, notification, &row), &found));
	*out = !found || row.read_ms;
	return OK;
}

enum err notify_tell(struct job *job, const struct reader *reader,
	const struct notify_due_row *due, struct tale *out)
{
	struct conversation conv;
	bool found;

	*out = (struct tale){ .kind = due->kind, .conversation = due->conversation_id,
		.message = due->message_id, .is_void = true };
	job->scope = reader->scope; /* what they may not see is not there */
	if (due->notification_id)
		TRY(is_read(job, due->notification_id, &out->is_read));
	TRY(notify_found(job, conversation_get(job, due->conversation_id, &conv), &found));
	if (!found || out->is_read || (str_is(due->kind, S("message")) && !conv.unread_count))
		return OK;
	out->is_void = false;
	out->conversation = conv.id;
	out->waiting = conv.unread_count;
	out->since_ms = due->message_id ? id64_ms(due->message_id) : id64_ms(due->id);
	TRY(add_contact(job, reader, conv.contact_id, out));
	return add_preview(job, reader, out);
}

/* ---- a digest ---- */

static void write_escaped(struct buf *out, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '<')
			buf_str(out, S("&lt;"));
		else if (c == '>')
			buf_str(out, S("&gt;"));
		else if (c == '&')
			buf_str(out, S("&amp;"));
		else if (c == '"')
			buf_str(out, S("&quot;"));
		else
			buf_byte(out, (uint8_t)c);
	}
}

struct writing {
	struct job *job;
	const struct reader *reader;
	const char *url;
	struct buf text, html;
};

static str link_of(const struct writing *w, const struct tale *tale)
{
	return tale->conversation ? arena_printf(w->job->arena, "%s/inbox/%lld", w->url,
					    (long long)tale->conversation)
	                          : str_of(w->url);
}

static void write_tale(struct writing *w, const struct tale *tale)
{
	str line = notify_line(w->job, w->reader->locale, tale), link = link_of(w, tale);

	buf_printf(&w->text, "* " STR_F ": " STR_F "\r\n", STR_A(tale->contact), STR_A(line));
	if (tale->preview.len)
		buf_printf(&w->text, "  \"" STR_F "\"\r\n", STR_A(tale->preview));
	buf_printf(&w->text, "  " STR_F "\r\n\r\n", STR_A(link));
	buf_str(&w->html, S("<tr><td style=\"padding:12px 0;border-bottom:1px solid #e5e7eb\">"
			    "<strong><bdi>"));
	write_escaped(&w->html, tale->contact);
	buf_str(&w->html, S("</bdi></strong><br>"));
	write_escaped(&w->html, line);
	if (tale->preview.len) {
		buf_str(&w->html, S("<br><span style=\"color:#4b5563\" dir=\"auto\">"));
		write_escaped(&w->html, tale->preview);
		buf_str(&w->html, S("</span>"));
	}
	buf_printf(&w->html,
		"</td><td style=\"padding:12px 0;border-bottom:1px solid "
		"#e5e7eb;text-align:right\">"
		"<a href=\"" STR_F "\">" STR_F "</a></td></tr>",
		STR_A(link), STR_A(notify_text(w->reader->locale, TEXT_OPEN)));
}

static void write_frame(struct writing *w, bool head, str title)
{
	str locale = w->reader->locale, why = notify_text(locale, TEXT_WHY);

	if (head) {
		buf_printf(&w->text, STR_F " " STR_F ",\r\n\r\n" STR_F ".\r\n\r\n",
			STR_A(notify_text(locale, TEXT_HELLO)), STR_A(w->reader->name),
			STR_A(title));
		buf_printf(&w->html,
			"<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\"><body "
			"style=\"font-family:system-ui,sans-serif;max-width:36rem;margin:0 auto;"
			"padding:24px;color:#111827\"><h1 style=\"font-size:20px\">" STR_F
			"</h1><table style=\"width:100%%;border-collapse:collapse\">",
			str_starts(locale, S("id")) ? "id" : "en", STR_A(title));
		return;
	}
	buf_printf(&w->text, "-- \r\n" STR_F "\r\n%s/settings/notifications\r\n", STR_A(why),
		w->url);
	buf_printf(&w->html,
		"</table><p style=\"color:#6b7280;font-size:13px;margin-top:24px\">" STR_F
		" <a href=\"%s/settings/notifications\">" STR_F "</a></p></body></html>\r\n",
		STR_A(why), w->url, STR_A(notify_text(locale, TEXT_SETTINGS)));
}

static size_t count_conversations(const struct tale *tales, size_t count)
{
	size_t different = 0;

	for (size_t i = 0; i < count; i++) {
		bool before = false;

		for (size_t j = 0; j < i; j++)
			before |= tales[j].conversation == tales[i].conversation;
		different += !before;
	}
	return different;
}

void notify_invitation_write(struct job *job, str locale, const struct account_mail *mail,
	struct digest *out)
{
	struct buf html = buf_in(job->arena, DIGEST_OCTETS_MAX);
	str line = arena_printf(job->arena, STR_F " " STR_F " " STR_F ".", STR_A(mail->inviter),
		STR_A(notify_text(locale, TEXT_INVITED_BY)), STR_A(mail->workspace));

	out->subject = notify_text(locale, TEXT_INVITED);
	out->text = arena_printf(job->arena, STR_F "\r\n\r\n" STR_F ":\r\n" STR_F "\r\n",
		STR_A(line), STR_A(notify_text(locale, TEXT_JOIN)), STR_A(mail->url));
	buf_str(&html, S("<!doctype html><meta charset=\"utf-8\"><body "
			 "style=\"font-family:system-ui,sans-serif;padding:24px\"><p>"));
	write_escaped(&html, line);
	buf_str(&html, S("</p><p><a href=\""));
	write_escaped(&html, mail->url);
	buf_printf(&html, "\">" STR_F "</a></p></body>\r\n", STR_A(notify_text(locale, TEXT_JOIN)));
	out->html = buf_text(&html);
}

void notify_digest_write(struct job *job, const struct reader *reader, const struct tale *tales,
	size_t count, const char *url, struct digest *out)
{
	struct writing w = { job, reader, url, buf_in(job->arena, DIGEST_OCTETS_MAX),
		buf_in(job->arena, DIGEST_OCTETS_MAX) };
	size_t conversations = count_conversations(tales, count);

	out->subject = conversations == 1
	                       ? notify_text(reader->locale, TEXT_SUBJECT_ONE)
	                       : with_number(job, notify_text(reader->locale, TEXT_SUBJECT_MANY),
					 (int64_t)conversations);
	write_frame(&w, true, out->subject);
	for (size_t i = 0; i < count; i++)
		write_tale(&w, &tales[i]);
	write_frame(&w, false, STR_NONE);
	out->text = buf_text(&w.text);
	out->html = buf_text(&w.html);
}
