/*
 * A small set of emoji with words to find them by. Loaded when the picker is first opened.
 *
 * One line per group: its name, then emoji and words. Own, because the full set weighs more than the page.
 */
export interface Emoji {
  char: string
  words: string
}

const SETS: Record<string, string> = {
  smileys: `😀 grin happy senyum|😃 smile happy senang|😄 smile joy|😁 beam grin|😆 laugh tertawa|😅 sweat relief|🤣 rofl laugh ngakak|😂 tears joy laugh|🙂 slight smile|🙃 upside down|😉 wink kedip|😊 blush smile|😇 angel halo|🥰 love hearts sayang|😍 heart eyes cinta|🤩 star struck wow|😘 kiss cium|😋 yum lezat|😜 wink tongue|🤗 hug peluk|🤔 think pikir|🤐 zip quiet|😐 neutral|😏 smirk|🙄 roll eyes|😬 grimace|😌 relieved lega|😴 sleep tidur|😷 mask sick sakit|🤒 fever ill|🤕 hurt|🥳 party pesta|😎 cool sunglasses|🤓 nerd|😕 confused bingung|😟 worried cemas|🙁 sad sedih|😮 wow open mouth|😳 flushed malu|🥺 plead mohon|😢 cry sad menangis|😭 sob cry|😱 scream fear takut|😞 disappointed kecewa|😓 sweat|😤 huff|😡 angry marah|🤯 mind blown|😈 devil`,
  people: `👍 thumbs up yes ok setuju|👎 thumbs down no|👌 ok good|✌️ peace|🤞 luck fingers crossed|🤝 handshake deal sepakat|👏 clap tepuk|🙌 hooray raise|🙏 thanks please terima kasih|💪 strong kuat|👋 wave hello hi halo|🤚 stop hand|👉 point right|👈 point left|👆 point up|👇 point down|✍️ write tulis|🤷 shrug|🤦 facepalm|🙋 raise hand|💁 info|👩‍💻 work laptop|👨‍🔧 mechanic|🏃 run|👀 eyes look lihat|🧠 brain|👶 baby bayi|👨‍👩‍👧 family keluarga`,
  hearts: `❤️ red heart love cinta|🧡 orange heart|💛 yellow heart|💚 green heart|💙 blue heart|💜 purple heart|🖤 black heart|🤍 white heart|💔 broken heart|💕 hearts|💖 sparkle heart|💯 hundred perfect|✨ sparkles|⭐ star bintang|🌟 glow star|🔥 fire hot api|🎉 party tada selamat|🎊 confetti|🎁 gift hadiah|🎂 cake birthday ulang tahun|🏆 trophy win juara|🥇 gold medal`,
  nature: `☀️ sun matahari|🌤️ cloud sun|☁️ cloud awan|🌧️ rain hujan|⛈️ storm badai|❄️ snow cold|🌈 rainbow pelangi|🌙 moon bulan|🌍 world earth|🌱 seedling plant|🌳 tree pohon|🌸 blossom flower bunga|🌹 rose mawar|🌻 sunflower|🍀 luck clover|🐶 dog anjing|🐱 cat kucing|🐟 fish ikan|🐝 bee lebah|🦋 butterfly`,
  food: `☕ coffee kopi|🍵 tea teh|🥤 drink minum|🍺 beer|🍷 wine|🍕 pizza|🍔 burger|🍟 fries|🍜 noodle mie|🍚 rice nasi|🍣 sushi|🥗 salad|🍗 chicken ayam|🍞 bread roti|🍎 apple apel|🍌 banana pisang|🍓 strawberry|🥭 mango mangga|🍫 chocolate|🍰 cake kue|🍪 cookie|🍦 ice cream`,
  travel: `🚗 car mobil|🛵 scooter motor|🚚 delivery truck kirim|🚲 bicycle sepeda|✈️ plane flight pesawat|🚆 train kereta|🚢 ship kapal|📍 pin location lokasi|🗺️ map peta|🏠 home house rumah|🏢 office kantor|🏪 shop store toko|🏥 hospital|🏨 hotel|🏖️ beach pantai|⛰️ mountain gunung|⏰ alarm time|⏳ waiting hourglass tunggu|📅 calendar date tanggal`,
  things: `📞 phone call telepon|📱 mobile hp|💻 laptop|🖨️ printer|📷 camera foto|🎧 headphones|🔋 battery|💡 idea light|🔧 wrench fix|🔨 hammer|⚙️ settings gear|🔑 key kunci|🔒 lock|📦 package box paket|🛒 cart shop belanja|💳 card pay bayar|💰 money uang|💵 cash dollar|🧾 receipt invoice nota|📄 document dokumen|📎 clip attach|✏️ pencil|📊 chart|📈 growth naik|📉 fall turun|📧 email|📢 announce|🔔 bell notice|👕 shirt baju|👟 shoes sepatu|💊 pill obat|🎵 music musik|⚽ football bola|🎮 game`,
  symbols: `✅ check done yes selesai|❌ cross no tidak|⚠️ warning awas|❗ exclamation penting|❓ question tanya|➡️ right arrow|⬅️ left arrow|⬆️ up arrow|⬇️ down arrow|🔄 refresh again|➕ plus|➖ minus|🆗 ok|🆕 new baru|🆓 free gratis|🔴 red|🟡 yellow|🟢 green|🔵 blue|⚪ white|⚫ black|♻️ recycle|🇮🇩 indonesia flag|🇬🇧 uk flag|🇺🇸 usa flag|🏁 finish flag`,
}

export type EmojiGroup = { name: string; all: Emoji[] }

export const EMOJI: EmojiGroup[] = Object.entries(SETS).map(([name, text]) => ({
  name,
  all: text.split('|').map((entry) => {
    const space = entry.indexOf(' ')
    return { char: entry.slice(0, space), words: entry.slice(space + 1) }
  }),
}))

/** All emoji of which every typed word begins a word of theirs. */
export function findEmoji(query: string): Emoji[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean)
  return EMOJI.flatMap((group) => group.all).filter((emoji) => {
    const words = emoji.words.split(' ')
    return wanted.every((start) => words.some((word) => word.startsWith(start)))
  })
}
