/* derive_test.c: what is derived of real files, made here by ffmpeg's own encoders or by hand. */
#include "base/codec.h"
#include "base/test.h"
#include "inbox/derive.h"
#include "inbox/voice.h"

#include <math.h>
#include <stdio.h>

static struct job job;

/* Its arena is its own: what a test holds outlives it. */
static struct job *begin(void)
{
	static struct arena *arena;

	if (!arena)
		arena = arena_create(ARENA_LIMIT_DEFAULT);
	job_init(&job, "derive", arena, NULL);
	return &job;
}

static const char *kept(bytes content, const char *name)
{
	str path = arena_printf(test_arena(), "%s/%s", test_folder(), name);
	FILE *f = fopen(arena_cstr(test_arena(), path), "wb");

	EXPECT(f && fwrite(content.ptr, 1, content.len, f) == content.len && !fclose(f));
	return arena_cstr(test_arena(), path);
}

static struct linked_derived derived(const char *path, const char *mime_type)
{
	struct media_info info = { .mime_type = str_of(mime_type) };
	struct linked_derived out = { 0 };

	derive_media(begin(), &info, path, &out);
	out.thumbnail = arena_bytes(test_arena(), out.thumbnail);
	out.waveform = arena_bytes(test_arena(), out.waveform);
	job_finish(&job, OK);
	return out;
}

/* Two seconds: silence, then a tone. */
static bytes voice(void)
{
	struct buf b = buf_in(test_arena(), 1 << 20);
	uint32_t rate = 16000, count = 2 * rate, size = count * 2, head[] = { 36 + size, 16,
		0x00010001, rate, rate * 2, 0x00100002, size };

	buf_str(&b, S("RIFF"));
	buf_put(&b, &head[0], 4);
	buf_str(&b, S("WAVEfmt "));
	buf_put(&b, &head[1], 20);
	buf_str(&b, S("data"));
	buf_put(&b, &head[6], 4);
	for (uint32_t i = 0; i < count; i++) {
		int16_t s = i < rate ? 0 : (int16_t)(20000 * sin(i * 0.2));

		buf_put(&b, &s, 2);
	}
	return buf_bytes(&b);
}

TEST(a_voice_has_its_shape_and_length)
{
	struct linked_derived d = derived(kept(voice(), "a.wav"), "audio/wav");

	EXPECT_INT(d.seconds, 2);
	EXPECT_INT(d.waveform.len, WA_WAVEFORM_SIZE);
	EXPECT_INT(d.waveform.ptr[5], 0);
	EXPECT(d.waveform.ptr[60] >= 90 && d.waveform.ptr[60] <= 100);
	EXPECT_INT(d.thumbnail.len, 0);
}

TEST(a_voice_message_that_we_made_has_them_too)
{
	struct linked_derived d;
	int64_t duration_ms;
	struct buf made;
	const char *path;

	EXPECT_OK(voice_convert(begin(), voice(), &made, &duration_ms));
	path = kept(buf_bytes(&made), "a.ogg");
	job_finish(&job, OK);
	d = derived(path, "audio/ogg");
	EXPECT_INT(d.seconds, 2);
	EXPECT(d.waveform.ptr[60] > 80 && d.waveform.ptr[5] < 10);
}

/* 64 × 32, as PNG: made by Python's zlib. */
static const char picture[] =
	"iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgCAIAAAAt/+nTAAAO2UlEQVR42hXXkdvCUBiG8UEwCAbBIBgE"
	"g2AQDIJBMAgGwSAYBINgEAyCG4JBMAgGwSAYBINgEAyCQTAIBsEgGASDYBB8X/sLzu9c73neZ4Ig0BMQ"
	"BfoCksBAQBYYCigCIwFVYCygCUwEdIGpgCEwEzAF5gKWwELAFlgKOAIrAVdgLeAJbAR8ga0AAjuBQGAv"
	"EAocBCKBo0AscBJIBM4CqcBFIBO4CuQCN4FC4C5QCjwEKoGnQC3wEmgE3gKtwEegE/gKCIJIT0QU6YtI"
	"IgMRWWQoooiMRFSRsYgmMhHRRaYihshMxBSZi1giCxFbZCniiKxEXJG1iCeyEfFFtiKI7EQCkb1IKHIQ"
	"iUSOIrHISSQROYukIheRTOQqkovcRAqRu0gp8hCpRJ4itchLpBF5i7QiH5FO5Cv+AyR6EqJEX0KSGEjI"
	"EkMJRWIkoUqMJTSJiYQuMZUwJGYSpsRcwpJYSNgSSwlHYiXhSqwlPImNhC+xlUBiJxFI7CVCiYNEJHGU"
	"iCVOEonEWSKVuEhkEleJXOImUUjcJUqJh0Ql8ZSoJV4SjcRbopX4SHQSX+kfINOTEWX6MpLMQEaWGcoo"
	"MiMZVWYso8lMZHSZqYwhM5MxZeYylsxCxpZZyjgyKxlXZi3jyWxkfJmtDDI7mUBmLxPKHGQimaNMLHOS"
	"SWTOMqnMRSaTucrkMjeZQuYuU8o8ZCqZp0wt85JpZN4yrcxHppP5yv8AhZ6CqNBXkBQGCrLCUEFRGCmo"
	"CmMFTWGioCtMFQyFmYKpMFewFBYKtsJSwVFYKbgKawVPYaPgK2wVUNgpBAp7hVDhoBApHBVihZNConBW"
	"SBUuCpnCVSFXuCkUCneFUuGhUCk8FWqFl0Kj8FZoFT4KncJX+Qeo9FRElb6KpDJQkVWGKorKSEVVGato"
	"KhMVXWWqYqjMVEyVuYqlslCxVZYqjspKxVVZq3gqGxVfZauCyk4lUNmrhCoHlUjlqBKrnFQSlbNKqnJR"
	"yVSuKrnKTaVQuauUKg+VSuWpUqu8VBqVt0qr8lHpVL7qP0CjpyFq9DUkjYGGrDHUUDRGGqrGWEPTmGjo"
	"GlMNQ2OmYWrMNSyNhYatsdRwNFYarsZaw9PYaPgaWw00dhqBxl4j1DhoRBpHjVjjpJFonDVSjYtGpnHV"
	"yDVuGoXGXaPUeGhUGk+NWuOl0Wi8NVqNj0an8dX+ATo9HVGnryPpDHRknaGOojPSUXXGOprOREfXmeoY"
	"OjMdU2euY+ksdGydpY6js9JxddY6ns5Gx9fZ6qCz0wl09jqhzkEn0jnqxDonnUTnrJPqXHQynatOrnPT"
	"KXTuOqXOQ6fSeerUOi+dRuet0+p8dDqdr/4PMOgZiAZ9A8lgYCAbDA0Ug5GBajA20AwmBrrB1MAwmBmY"
	"BnMDy2BhYBssDRyDlYFrsDbwDDYGvsHWAIOdQWCwNwgNDgaRwdEgNjgZJAZng9TgYpAZXA1yg5tBYXA3"
	"KA0eBpXB06A2eBk0Bm+D1uBj0Bl8jX+ASc9ENOmbSCYDE9lkaKKYjExUk7GJZjIx0U2mJobJzMQ0mZtY"
	"JgsT22Rp4pisTFyTtYlnsjHxTbYmmOxMApO9SWhyMIlMjiaxyckkMTmbpCYXk8zkapKb3EwKk7tJafIw"
	"qUyeJrXJy6QxeZu0Jh+TzuRr/gMsehaiRd9CshhYyBZDC8ViZKFajC00i4mFbjG1MCxmFqbF3MKyWFjY"
	"FksLx2Jl4VqsLTyLjYVvsbXAYmcRWOwtQouDRWRxtIgtThaJxdkitbhYZBZXi9ziZlFY3C1Ki4dFZfG0"
	"qC1eFo3F26K1+Fh0Fl/rH2DTsxFt+jaSzcBGthnaKDYjG9VmbKPZTGx0m6mNYTOzMW3mNpbNwsa2Wdo4"
	"Nisb12Zt49lsbHybrQ02O5vAZm8T2hxsIpujTWxzsklszjapzcUms7na5DY3m8LmblPaPGwqm6dNbfOy"
	"aWzeNq3Nx6az+dr/AIeeg+jQd5AcBg6yw9BBcRg5qA5jB81h4qA7TB0Mh5mD6TB3sBwWDrbD0sFxWDm4"
	"DmsHz2Hj4DtsHXDYOQQOe4fQ4eAQORwdYoeTQ+JwdkgdLg6Zw9Uhd7g5FA53h9Lh4VA5PB1qh5dD4/B2"
	"aB0+Dp3D1/kHuPRcRJe+i+QycJFdhi6Ky8hFdRm7aC4TF91l6mK4zFxMl7mL5bJwsV2WLo7LysV1Wbt4"
	"LhsX32XrgsvOJXDZu4QuB5fI5egSu5xcEpezS+pycclcri65y82lcLm7lC4Pl8rl6VK7vFwal7dL6/Jx"
	"6Vy+7j/Ao+chevQ9JI+Bh+wx9FA8Rh6qx9hD85h46B5TD8Nj5mF6zD0sj4WH7bH0cDxWHq7H2sPz2Hj4"
	"HlsPPHYegcfeI/Q4eEQeR4/Y4+SReJw9Uo+LR+Zx9cg9bh6Fx92j9Hh4VB5Pj9rj5dF4vD1aj49H5/H1"
	"/gE+PR/Rp+8j+Qx8ZJ+hj+Iz8lF9xj6az8RH95n6GD4zH9Nn7mP5LHxsn6WP47PycX3WPp7Pxsf32frg"
	"s/MJfPY+oc/BJ/I5+sQ+J5/E5+yT+lx8Mp+rT+5z8yl87j6lz8On8nn61D4vn8bn7dP6fHw6n6//D4De"
	"r/PS/xVHBr/2xfBXYRj9egDj3zJl8ttITH+xzuyXjcx/AcPi90pZ/kad1W9eWP8unc3v5Gz5fTsIYA8h"
	"HCCCI8RwggTOkMIFMrhCDjco4A4lPKCCJ9Twggbe0MIHOvj+/24IAb0AMaAfIAUMAuSAYYASMApQA8YB"
	"WsAkQA+YBhgBswAzYB5gBSwC7IBlgBOwCnAD1gFewCbAD9gGv7PvAoKAfUAYcAiIAo4BccApIAk4B6QB"
	"l4As4BqQB9wCioB7QBnwCKgCngF1wCugCXgHtAGfgC7gG/wDQnohYkg/RAoZhMghwxAlZBSihoxDtJBJ"
	"iB4yDTFCZiFmyDzEClmE2CHLECdkFeKGrEO8kE2IH7INf9e+CwlC9iFhyCEkCjmGxCGnkCTkHJKGXEKy"
	"kGtIHnILKULuIWXII6QKeYbUIa+QJuQd0oZ8QrqQb/gPiOhFiBH9CCliECFHDCOUiFGEGjGO0CImEXrE"
	"NMKImEWYEfMIK2IRYUcsI5yIVYQbsY7wIjYRfsQ2+k3MLiKI2EeEEYeIKOIYEUecIpKIc0QacYnIIq4R"
	"ecQtooi4R5QRj4gq4hlRR7wimoh3RBvxiegivtE/IKYXI8b0Y6SYQYwcM4xRYkYxasw4RouZxOgx0xgj"
	"ZhZjxsxjrJhFjB2zjHFiVjFuzDrGi9nE+DHb+Dfsu5ggZh8TxhxiophjTBxziklizjFpzCUmi7nG5DG3"
	"mCLmHlPGPGKqmGdMHfOKaWLeMW3MJ6aL+cb/gIRegpjQT5ASBglywjBBSRglqAnjBC1hkqAnTBOMhFmC"
	"mTBPsBIWCXbCMsFJWCW4CesEL2GT4Cdsk9873SUECfuEMOGQECUcE+KEU0KScE5IEy4JWcI1IU+4JRQJ"
	"94Qy4ZFQJTwT6oRXQpPwTmgTPgldwjf5B6T0UsSUfoqUMkiRU4YpSsooRU0Zp2gpkxQ9ZZpipMxSzJR5"
	"ipWySLFTlilOyirFTVmneCmbFD9lm/4iZpcSpOxTwpRDSpRyTIlTTilJyjklTbmkZCnXlDzlllKk3FPK"
	"lEdKlfJMqVNeKU3KO6VN+aR0Kd/0H5DRyxAz+hlSxiBDzhhmKBmjDDVjnKFlTDL0jGmGkTHLMDPmGVbG"
	"IsPOWGY4GasMN2Od4WVsMvyMbfZLx11GkLHPCDMOGVHGMSPOOGUkGeeMNOOSkWVcM/KMW0aRcc8oMx4Z"
	"VcYzo854ZTQZ74w245PRZXyzf0BOL0fM6edIOYMcOWeYo+SMctSccY6WM8nRc6Y5Rs4sx8yZ51g5ixw7"
	"Z5nj5Kxy3Jx1jpezyfFztvkv2Hc5Qc4+J8w55EQ5x5w455ST5Jxz0pxLTpZzzclzbjlFzj2nzHnkVDnP"
	"nDrnldPkvHPanE9Ol/PN/wEFvQKxoF8gFQwK5IJhgVIwKlALxgVawaRAL5gWGAWzArNgXmAVLArsgmWB"
	"U7AqcAvWBV7BpsAv2Ba/nbQrCAr2BWHBoSAqOBbEBaeCpOBckBZcCrKCa0FecCsoCu4FZcGjoCp4FtQF"
	"r4Km4F3QFnwKuoJv8Q8o6ZWIJf0SqWRQIpcMS5SSUYlaMi7RSiYlesm0xCiZlZgl8xKrZFFilyxLnJJV"
	"iVuyLvFKNiV+ybb8rdNdSVCyLwlLDiVRybEkLjmVJCXnkrTkUpKVXEvykltJUXIvKUseJVXJs6QueZU0"
	"Je+StuRT0pV8y39ARa9CrOhXSBWDCrliWKFUjCrUinGFVjGp0CumFUbFrMKsmFdYFYsKu2JZ4VSsKtyK"
	"dYVXsanwK7bVrwnsKoKKfUVYcaiIKo4VccWpIqk4V6QVl4qs4lqRV9wqiop7RVnxqKgqnhV1xauiqXhX"
	"tBWfiq7iW/0Dano1Yk2/RqoZ1Mg1wxqlZlSj1oxrtJpJjV4zrTFqZjVmzbzGqlnU2DXLGqdmVePWrGu8"
	"mk2NX7OtfyVmVxPU7GvCmkNNVHOsiWtONUnNuSatudRkNdeavOZWU9Tca8qaR01V86ypa141Tc27pq35"
	"1HQ13/of0NBrEBv6DVLDoEFuGDYoDaMGtWHcoDVMGvSGaYPRMGswG+YNVsOiwW5YNjgNqwa3Yd3gNWwa"
	"/IZt8+tfu4agYd8QNhwaooZjQ9xwakgazg1pw6Uha7g25A23hqLh3lA2PBqqhmdD3fBqaBreDW3Dp6Fr"
	"+Db/gJZei9jSb5FaBi1yy7BFaRm1qC3jFq1l0qK3TFuMllmL2TJvsVoWLXbLssVpWbW4LesWr2XT4rds"
	"21913LUELfuWsOXQErUcW+KWU0vScm5JWy4tWcu1JW+5tRQt95ay5dFStTxb6pZXS9PybmlbPi1dy7f9"
	"B3T0OsSOfofUMeiQO4YdSseoQ+0Yd2gdkw69Y9phdMw6zI55h9Wx6LA7lh1Ox6rD7Vh3eB2bDr9j2/1a"
	"764j6Nh3hB2Hjqjj2BF3nDqSjnNH2nHpyDquHXnHraPouHeUHY+OquPZUXe8OpqOd0fb8enoOr4dfyFd"
	"0KaYn4PVAAAAAElFTkSuQmCC";

TEST(a_picture_has_a_small_one_and_its_size)
{
	struct buf png = buf_in(test_arena(), 4096);
	struct linked_derived d;

	EXPECT(base64_read(str_of(picture), &png));
	d = derived(kept(buf_bytes(&png), "a.png"), "image/png");
	EXPECT_INT(d.width, 64);
	EXPECT_INT(d.height, 32);
	EXPECT(d.thumbnail.len > 100 && d.thumbnail.len < DERIVE_THUMB_MAX);
	EXPECT_INT(d.thumbnail.ptr[0], 0xff);
	EXPECT_INT(d.thumbnail.ptr[1], 0xd8);
	/* and the small one reads as a picture of its own */
	d = derived(kept(d.thumbnail, "b.jpg"), "image/jpeg");
	EXPECT_INT(d.width, DERIVE_THUMB_WIDTH);
	EXPECT_INT(d.height, DERIVE_THUMB_WIDTH / 2);
}

TEST(what_does_not_read_goes_without)
{
	struct linked_derived d =
		derived(kept(bytes_of(S("no picture at all")), "c.jpg"), "image/jpeg");

	EXPECT_INT(d.width, 0);
	EXPECT_INT(d.thumbnail.len, 0);
	d = derived("/nowhere", "video/mp4");
	EXPECT_INT(d.seconds, 0);
	d = derived(kept(bytes_of(S("%PDF")), "c.pdf"), "application/pdf");
	EXPECT_INT(d.thumbnail.len, 0);
}
