package words

// settingsSentences are what is said of keeping settings.
var settingsSentences = map[string]string{
	"The settings could not be written to the disk; they hold until the console ends.": "Cài đặt chưa ghi được vào ổ đĩa; chỉ giữ đến khi thoát.",
}

// settingsValues are those with values in them.
var settingsValues = [][2]string{
	{"This gate keeps the settings of {} guards already.", "Cổng này đã giữ cài đặt của {} người."},
}

// consoleSettings are the texts of the console's settings page.
var consoleSettings = area{
	"console.title.settings":         {"Cài đặt", "Settings"},
	"console.help.settings":          {"cài đặt của máy này", "settings of this console"},
	"console.settings.keys":          {"↑↓ chọn · ←→ đổi · Esc quay lại", "↑↓ choose · ←→ change · Esc back"},
	"console.settings.kept":          {"được giữ cho lần sau", "kept for the next time"},
	"console.settings.not_kept":      {"chỉ đến khi thoát", "until this console ends"},
	"console.settings.language":      {"Ngôn ngữ", "Language"},
	"console.settings.language.note": {"Đổi ngay, cũng bằng {language}.", "At once; {language} does the same."},
	"console.settings.theme":         {"Màu", "Colours"},
	"console.settings.theme.note": {
		"Tối cho ban đêm, sáng cho ban ngày, tương phản cao khi nắng gắt hay mắt kém. Màn hình không màu thì không đổi.",
		"Dark for the night, light for the day, high contrast in bright sun or for weak eyes. A terminal without colours stays as it is.",
	},
	"console.settings.pictures":      {"Ảnh", "Pictures"},
	"console.settings.pictures.note": {"Phím {pictures} tắt ảnh trong lúc này; ở đây là cho mọi lần.", "The key {pictures} turns them off for now; this is for every time."},
	"console.settings.letters":       {"Chữ", "Letters"},
	"console.settings.letters.note":  {"Chỉ ASCII khi màn hình vẽ sai dấu hay khung.", "ASCII only, where a terminal draws marks or rules wrong."},
	"console.settings.bell":          {"Chuông", "Bell"},
	"console.settings.bell.note":     {"Kêu khi có mâu thuẫn, báo động, tiền đến, phím chưa dùng được.", "For a conflict, an alarm, money that has come, a key that cannot be used."},

	"console.language.vi":     {"Tiếng Việt", "Tiếng Việt"},
	"console.language.en":     {"English", "English"},
	"console.theme.terminal":  {"như màn hình", "as the terminal's"},
	"console.theme.dark":      {"tối", "dark"},
	"console.theme.light":     {"sáng", "light"},
	"console.theme.contrast":  {"tương phản cao", "high contrast"},
	"console.pictures.auto":   {"như màn hình vẽ được", "as the terminal can"},
	"console.pictures.blocks": {"khối màu", "blocks of colour"},
	"console.pictures.shades": {"nét xám", "shades of grey"},
	"console.pictures.off":    {"tắt", "off"},
	"console.letters.auto":    {"như màn hình", "as the terminal's"},
	"console.letters.ascii":   {"chỉ ASCII", "ASCII only"},
	"console.switch.true":     {"bật", "on"},
	"console.switch.false":    {"tắt", "off"},
}
