/* payload.c: see payload.h. */
#include "wa/session/payload.h"

#include "base/codec.h"
#include "wa/proto/proto.h"
#include "wa_transport.pb-c.h"

#define PLATFORM_WEB 14
#define PLATFORM_CHROME 1
#define CURVE_TYPE 5
#define QR_URL "https://wa.me/settings/linked_devices#"
#define CLIENT_TYPE "1" /* Chrome */

bool wa_version_read(str text, struct wa_version *out)
{
	uint32_t *parts[] = { &out->primary, &out->secondary, &out->tertiary };

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		str part = str_split(&text, '.');
		int64_t number;

		if (!str_is_digits(part) || !str_to_i64(part, &number) || number > UINT32_MAX)
			return false;
		*parts[i] = (uint32_t)number;
	}
	return text.len == 0;
}

static void fill_version(Wa__AppVersion *to, const struct wa_version *from)
{
	wa__app_version__init(to);
	PROTO_SET(to, primary, from->primary);
	PROTO_SET(to, secondary, from->secondary);
	PROTO_SET(to, tertiary, from->tertiary);
}

/* What both kinds have in common. Its parts live in the arena. */
static Wa__ClientPayload *new_payload(struct arena *arena, const struct wa_app *client)
{
	Wa__ClientPayload *payload = ARENA_NEW(arena, Wa__ClientPayload);
	Wa__UserAgent *agent = ARENA_NEW(arena, Wa__UserAgent);
	Wa__WebInfo *web = ARENA_NEW(arena, Wa__WebInfo);

	wa__client_payload__init(payload);
	wa__user_agent__init(agent);
	wa__web_info__init(web);
	agent->app_version = ARENA_NEW(arena, Wa__AppVersion);
	fill_version(agent->app_version, &client->version);
	PROTO_SET(agent, platform, PLATFORM_WEB);
	agent->mcc = "000";
	agent->mnc = "000";
	agent->os_version = "0.1";
	agent->manufacturer = "";
	agent->device = "Desktop";
	agent->os_build_number = "0.1";
	PROTO_SET(agent, release_channel, 0);
	agent->locale_language = "en";
	agent->locale_country = "US";
	PROTO_SET(web, web_sub_platform, 0);
	payload->user_agent = agent;
	payload->web_info = web;
	PROTO_SET(payload, connect_type, 1);
	PROTO_SET(payload, connect_reason, 1);
	return payload;
}

static bytes device_props(struct arena *arena, const struct wa_app *client)
{
	Wa__DeviceProps props = WA__DEVICE_PROPS__INIT;
	Wa__HistorySyncConfig history = WA__HISTORY_SYNC_CONFIG__INIT;
	Wa__AppVersion version;

	fill_version(&version, &(struct wa_version){ 0, 1, 0 });
	props.os = (char *)arena_cstr(arena, client->os);
	props.version = &version;
	PROTO_SET(&props, platform_type, PLATFORM_CHROME);
	PROTO_SET(&props, require_full_sync, client->full_history);
	PROTO_SET(&history, storage_quota_mb, 10240);
	PROTO_SET(&history, inline_initial_payload_in_e2ee_msg, true);
	PROTO_SET(&history, support_call_log_history, true);
	PROTO_SET(&history, support_bot_user_agent_chat_history, true);
	PROTO_SET(&history, support_cag_reactions_and_polls, true);
	PROTO_SET(&history, support_biz_hosted_msg, true);
	PROTO_SET(&history, support_recent_sync_chunk_message_count_tuning, true);
	PROTO_SET(&history, support_hosted_group_msg, true);
	PROTO_SET(&history, support_fbid_bot_chat_history, true);
	PROTO_SET(&history, support_message_association, true);
	PROTO_SET(&history, support_group_history, true);
	props.history_sync_config = &history;
	return proto_bytes(arena, &props);
}

static bytes build_hash(struct arena *arena, const struct wa_version *v)
{
	uint8_t *out = arena_alloc(arena, MD5_SIZE);

	md5(bytes_of(arena_printf(arena, "%u.%u.%u", v->primary, v->secondary, v->tertiary)), out);
	return (bytes){ out, MD5_SIZE };
}

bytes payload_register(struct arena *arena, const struct device *d, const struct wa_app *client)
{
	static const uint8_t type[] = { CURVE_TYPE };
	Wa__ClientPayload *payload = new_payload(arena, client);
	Wa__DevicePairingRegistrationData data = WA__DEVICE_PAIRING_REGISTRATION_DATA__INIT;

	PROTO_SET(payload, passive, false);
	PROTO_SET(payload, pull, false);
	PROTO_SET_DATA(&data, e_regid, id_octets(arena, d->registration_id, 4));
	PROTO_SET_DATA(&data, e_keytype, ((bytes){ type, 1 }));
	PROTO_SET_DATA(&data, e_ident, ((bytes){ d->identity.open, CURVE_KEY_SIZE }));
	PROTO_SET_DATA(&data, e_skey_id, id_octets(arena, d->signed_prekey_id, 3));
	PROTO_SET_DATA(&data, e_skey_val, ((bytes){ d->signed_prekey.open, CURVE_KEY_SIZE }));
	PROTO_SET_DATA(&data, e_skey_sig,
		((bytes){ d->signed_prekey_signature, CURVE_SIGNATURE_SIZE }));
	PROTO_SET_DATA(&data, build_hash, build_hash(arena, &client->version));
	PROTO_SET_DATA(&data, device_props, device_props(arena, client));
	payload->device_pairing_data = &data;
	return proto_bytes(arena, payload);
}

bytes payload_login(struct arena *arena, const struct device *d, const struct wa_app *client)
{
	Wa__ClientPayload *payload = new_payload(arena, client);
	int64_t user = 0;

	(void)str_to_i64(wa_text_of(&d->pn.user), &user);
	PROTO_SET(payload, username, (uint64_t)user);
	PROTO_SET(payload, device, d->pn.device);
	PROTO_SET(payload, passive, true);
	PROTO_SET(payload, pull, true);
	PROTO_SET(payload, lc, 1);
	PROTO_SET(payload, lid_db_migrated, true);
	return proto_bytes(arena, payload);
}

str payload_qr(struct arena *arena, const struct device *d, str ref)
{
	return arena_printf(arena, QR_URL STR_F "," STR_F "," STR_F "," STR_F "," CLIENT_TYPE,
		STR_A(ref), STR_A(base64_text(arena, (bytes){ d->noise.open, CURVE_KEY_SIZE })),
		STR_A(base64_text(arena, (bytes){ d->identity.open, CURVE_KEY_SIZE })),
		STR_A(base64_text(arena, (bytes){ d->adv_secret, ADV_SECRET_SIZE })));
}
