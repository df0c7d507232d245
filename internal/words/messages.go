package words

// consoleMessages are the texts about messages from administrators at the
// console.
var consoleMessages = area{
	"console.banner.message":  {"1 tin nhắn ({messages})", "1 message ({messages})"},
	"console.banner.messages": {"%d tin nhắn ({messages})", "%d messages ({messages})"},
	"console.title.message":   {"Tin nhắn của người quản trị", "Message from the administrator"},
	"console.title.messages":  {"Tin nhắn của người quản trị: %d/%d", "Messages from the administrator: %d of %d"},
	"console.message.from":    {"%s · %s", "%s · %s"},
	"console.message.until":   {"hiện đến %s", "shown until %s"},
	"console.message.others":  {"↑ ↓ tin khác", "↑ ↓ the others"},
	"console.enter.message":   {"đã đọc", "read"},
	"console.said.message":    {"✓ đã đọc tin nhắn", "✓ message read"},
	"console.help.messages":   {"tin nhắn của người quản trị", "messages from the administrator"},
	"console.why.no_message":  {"Không có tin nhắn chưa đọc.", "No message waits to be read."},
}

// pagesMessages are the texts of the page of messages.
var pagesMessages = area{
	"page.messages": {"Tin nhắn", "Messages"},

	"messages.write":       {"Viết tin nhắn", "Write a message"},
	"messages.about":       {"Bảo vệ thấy tin nhắn ở màn hình cổng, và đánh dấu đã đọc. Cổng mất mạng nhận được khi có mạng lại.", "Guards see it on their gate's console, and mark it as read. A gate without its line gets it when the line is up again."},
	"messages.text":        {"Nội dung (nhiều nhất 500 chữ, 10 dòng)", "Text (at most 500 letters, 10 lines)"},
	"messages.gates":       {"Gửi đến cổng nào (không chọn: tất cả)", "For which gates (none chosen: all)"},
	"messages.until":       {"Hiện đến (để trống: đến khi đọc)", "Shown until (empty: until it is read)"},
	"messages.send":        {"Gửi", "Send"},
	"messages.done":        {"Đã gửi. Các cổng nhận được ngay khi có mạng.", "Sent. Gates have it as soon as their line is up."},
	"messages.gone":        {"Đã thu hồi. Các cổng thôi hiện ngay khi có mạng.", "Withdrawn. Gates stop showing it as soon as their line is up."},
	"messages.all_gates":   {"tất cả các cổng", "all gates"},
	"messages.withdraw":    {"Thu hồi", "Withdraw"},
	"messages.none":        {"Chưa có tin nhắn nào. Viết tin đầu tiên ở trên.", "There is no message yet. Write the first one above."},
	"messages.sent":        {"Gửi lúc", "Sent"},
	"messages.by":          {"Người viết", "By"},
	"messages.for":         {"Cổng", "Gates"},
	"messages.read":        {"Đã đọc", "Read"},
	"messages.read_one":    {"Cổng %s: %s, %s", "Gate %s: %s, %s"},
	"messages.unread":      {"Chưa đọc: %s", "Not read: %s"},
	"messages.until_short": {"hiện đến %s", "shown until %s"},
	"messages.state":       {"Tình trạng", "State"},

	"messages.is.shown":     {"đang hiện", "shown"},
	"messages.is.read":      {"đã đọc ở mọi cổng", "read at every gate"},
	"messages.is.over":      {"đã hết giờ", "its time is over"},
	"messages.is.withdrawn": {"đã thu hồi", "withdrawn"},
}

// messageSentences are what gates and the cloud say of messages.
//
//nolint:gosec // no secrets
var messageSentences = map[string]string{
	"This message is not there any more: it was withdrawn, or its time is over.": "Tin nhắn này không còn nữa: đã được thu hồi, hoặc đã hết giờ.",
	"A message has a text.":                                           "Tin nhắn phải có nội dung.",
	"A message is plain text.":                                        "Tin nhắn chỉ gồm chữ, không có ký tự điều khiển.",
	"The end of this message has passed already.":                     "Giờ kết thúc của tin nhắn đã qua.",
	"The end of a message is written 2027-01-31T18:30.":               "Giờ kết thúc ghi như 2027-01-31T18:30.",
	"The message has no id.":                                          "Tin nhắn không có mã.",
	"There is no such message.":                                       "Không có tin nhắn này.",
	"This message was sent already. Reload the page for another one.": "Tin nhắn này đã được gửi. Hãy tải lại trang để viết tin khác.",
}

// messageValues are those with values in them.
var messageValues = [][2]string{
	{"A message has at most {} letters, in at most {} lines.", "Tin nhắn có nhiều nhất {1} chữ, trên nhiều nhất {2} dòng."},
	{"This site has no gate {}.", "Bãi này không có cổng {}."},
}
