/*
 * linked_numbers.c: joins provider/linked with what lies above it: keys, channels, raw events and
 * the hub.
 */
#include "server.h"

#include "account/audit.h"
#include "account/channel.h"
#include "account/seal.h"
#include "api/api.h"
#include "inbox/inbox.h"
#include "jobs/jobs.h"
#include "inbox/derive.h"
#include "provider/linked/linked.h"

static uint8_t root[32];

static enum err seal_record(struct job *job, str in, bytes *out)
{
	return seal(job, SEAL_LINKED, in, out);
}

static enum err unseal_record(struct job *job, bytes in, str *out)
{
	return unseal(job, SEAL_LINKED, in, out);
}

static enum err note_audit(struct job *job, const char *action, id64 channel, str detail)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = channel ? "channel" : "workspace",
				      .target_id = channel ? channel : job->workspace,
				      .detail = detail });
}

static void tell(struct job *job, const struct linked_number *number)
{
	job->workspace = number->workspace;
	/* Files that waited for it are due. */
	if (number->state == LINKED_CONNECTED && inbox_media_hook)
		inbox_media_hook();
	api_tell_linked(job, number);
	api_tell_channel(job, number->channel);
}

static void tell_live(struct job *job, const struct linked_live *live)
{
	job->workspace = live->workspace;
	api_tell_customer(job, live);
}

void linked_numbers_root(str text)
{
	if (linked_read_root(text, root))
		linked_set_root(root);
}

enum err linked_numbers_create(const struct linked_numbers_parts *parts, str *why)
{
	const struct settings *set = parts->settings;
	str key = str_of(set->linked_root_key);

	if (key.len && !linked_read_root(key, root)) {
		*why = S("linked_root_key is no key: 64 hex digits or 44 characters of base64");
		return ERR_INPUT;
	}
	linked_set_root(key.len ? root : NULL);
	linked_create(&(struct linked_host){ .store = parts->store,
		.derive = derive_media,
		.loop = parts->loop,
		.timers = parts->timers,
		.workers = (size_t)set->linked_workers,
		.node = set->node,
		.numbers_max = set->linked_numbers,
		.pairings_max = set->linked_pairings,
		.hurry = (unsigned)set->linked_hurry,
		.catch_up_ms = set->linked_catch_up_s * 1000,
		.seal = seal_record,
		.unseal = unseal_record,
		.channel = channel_get,
		.note_health = channel_note_health,
		.set_phone = channel_set_phone,
		.audit = note_audit,
		.put_event = intake_put,
		.events_put = intake_told,
		.person = conversation_person,
		.live = tell_live,
		.changed = tell });
	return OK;
}

enum err linked_numbers_start(struct job *job, void *arg)
{
	(void)arg;
	return linked_start(job);
}
