/* live_params_test.c: see live_params.c. */
#include "base/codec.h"
#include "base/test.h"
#include "crypto/crypto.h"
#include "live/live_api.h"

/* The worked example of Pusher's documentation. */
TEST(the_signature_of_the_documented_call_comes_out)
{
	struct live_params params;
	uint8_t mac[SHA256_SIZE];
	str text;

	crypto_init();
	EXPECT(live_params_read(test_arena(),
		S("auth_signature=whatever&body_md5=ec365a775a4cd0599faeb73354201b6f&"
		  "AUTH_version=1%2E0&auth_key=278d425bdf160c739803&auth_timestamp=1353088179"),
		&params));
	text = live_params_signed(test_arena(), "POST", S("/apps/3/events"), &params);
	EXPECT_STR(text, "POST\n/apps/3/events\nauth_key=278d425bdf160c739803&"
			 "auth_timestamp=1353088179&auth_version=1.0&"
			 "body_md5=ec365a775a4cd0599faeb73354201b6f");
	hmac_sha256(bytes_of(S("7ad3773142a6692b25b8")), bytes_of(text), mac);
	EXPECT_STR(hex_text(test_arena(), (bytes){ mac, sizeof mac }),
		"da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c");
}

TEST(values_are_signed_as_they_are_meant_and_a_plus_stays_one)
{
	struct live_params params;

	EXPECT(live_params_read(test_arena(),
		S("info=user_count%2Csubscription_count&a=1+2&b&%zz=%"), &params));
	EXPECT_INT(params.count, 4);
	EXPECT_STR(live_param(&params, S("info")), "user_count,subscription_count");
	EXPECT_STR(live_params_signed(test_arena(), "GET", S("/x"), &params),
		"GET\n/x\n%zz=%&a=1+2&b=&info=user_count,subscription_count");
	EXPECT(!live_param(&params, S("other")).ptr);
}

TEST(too_many_parameters_are_refused)
{
	struct live_params params;
	struct buf query = buf_in(test_arena(), 4096);

	for (int i = 0; i <= LIVE_PARAMS_MAX; i++)
		buf_printf(&query, "a%d=1&", i);
	EXPECT(!live_params_read(test_arena(), buf_text(&query), &params));
}
