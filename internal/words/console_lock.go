package words

// consoleLock are the texts of the console's idle lock.
var consoleLock = area{
	"console.title.unlock":       {"Máy đang khoá", "This console is locked"},
	"console.enter.unlock":       {"mở khoá", "unlock"},
	"console.unlock.note":        {"Tiền được giấu; xe vẫn vào được. Người khác mở thì nhận ca gác này.", "Money is hidden; vehicles still come in. Who else unlocks it is the guard from then on."},
	"console.unlock.card":        {"Thẻ của bạn ở đầu đọc cũng mở được.", "Your card at a reader unlocks it too."},
	"console.locked":             {"đang khoá: {sign_out} để mở", "locked: {sign_out} unlocks"},
	"console.why.locked":         {"Máy đang khoá: mở bằng mật khẩu hoặc thẻ.", "Locked: unlock it by password or card."},
	"console.keys.locked":        {"{tab} đổi làn  {map} bản đồ  {help} phím  {language} English  {sign_out} mở khoá", "{tab} lane  {map} map  {help} keys  {language} Tiếng Việt  {sign_out} unlocks"},
	"console.banner.locked":      {"ĐANG KHOÁ", "LOCKED"},
	"console.help.lock":          {"khoá máy: giấu tiền, xe vẫn vào", "lock: money hidden, vehicles still come in"},
	"console.settings.lock":      {"Khoá máy", "Lock"},
	"console.settings.lock.note": {"Sau chừng ấy phút không nhấn phím; {lock} khoá ngay. Tiền được giấu, xe vẫn vào được.", "After so many minutes without a key; {lock} locks at once. Money is hidden, vehicles still come in."},
	"console.lock.never":         {"không bao giờ", "never"},
	"console.lock.minutes":       {"sau %d phút", "after %d minutes"},
	"console.settings.card":      {"Thẻ mở khoá", "Card"},
	"console.settings.card.note": {"Thẻ của bạn mở khoá máy ở cổng này, khi mất mạng cũng vậy.", "Your card unlocks your consoles at this gate, without the network too."},
	"console.card.true":          {"đã có", "known"},
	"console.card.false":         {"chưa có", "none"},
	"console.title.card":         {"Thẻ mở khoá của bạn", "Your card that unlocks"},
	"console.enter.card":         {"giữ thẻ này", "keep this card"},
	"console.card.note":          {"Gõ số thẻ như đầu đọc báo; để trống thì bỏ thẻ. Thẻ chỉ mở khoá, không đăng nhập.", "Type its number as the reader tells it; empty takes the card away. It unlocks, and signs nobody in."},
	"console.said.card":          {"✓ đã giữ thẻ", "✓ card kept"},
	"console.said.no_card":       {"✓ đã bỏ thẻ", "✓ card taken away"},
}

// lockSentences are what the gate says of locked consoles and guards' cards.
//
//nolint:gosec // no secrets
var lockSentences = map[string]string{
	"This console is locked. Unlock it by password or card first.": "Máy đang khoá. Hãy mở bằng mật khẩu hoặc thẻ trước.",
	"This is no card.":                   "Đây không phải thẻ.",
	"This is the card of another guard.": "Đây là thẻ của bảo vệ khác.",
	"This is the card of a guard.":       "Đây là thẻ của bảo vệ.",
	"A vehicle inside has this card.":    "Một xe trong bãi đang giữ thẻ này.",
}

// lockValues are those with values in them.
var lockValues = [][2]string{
	{"This is the console of {}. Connect with a name of your own.", "Đây là máy của {}. Hãy kết nối bằng tên của bạn."},
}
