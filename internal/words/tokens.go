package words

// tickets are the texts of a printed ticket. Printers get them without marks
// (gate/device); here they are written as they should be.
var tickets = area{
	"ticket.title": {"VÉ GỬI XE", "PARKING TICKET"},
	"ticket.in":    {"Vào %s", "In %s"},
	"ticket.gate":  {"Cổng %s, làn %s", "Gate %s, lane %s"},
	"ticket.plate": {"Biển số %s", "Plate %s"},
	"ticket.place": {"Chỗ %s", "Place %s"},
	"ticket.keep":  {"Giữ vé để lấy xe. Quét mã khi ra.", "Keep this ticket. Scan it to leave."},
}

// consoleTokens are the console's texts about cards and tickets.
var consoleTokens = area{
	"console.banner.trouble.reader_away":  {"mất đầu đọc thẻ", "card reader away"},
	"console.banner.trouble.printer_away": {"máy in vé lỗi", "ticket printer"},
	"console.banner.trouble.sign_away":    {"bảng báo lỗi", "sign away"},

	"console.reader.bad":       {"mất đầu đọc thẻ", "no card reader"},
	"console.tap":              {"vừa quẹt %s", "tapped %s"},
	"console.holder":           {"của %s, %s", "that of %s, %s"},
	"console.holder.no_plate":  {"xe chưa có biển", "one without a plate"},
	"console.match.by_token":   {"thẻ", "card"},
	"console.match.by_plate":   {"biển", "plate"},
	"console.ticket":           {"vé %s", "ticket %s"},
	"console.ticket.printing":  {"đang in vé", "printing the ticket"},
	"console.ticket.failed":    {"chưa in được vé (i in lại)", "the ticket did not print (i again)"},
	"console.ticket.unheard":   {"vé cổng %s, chưa nhận được lượt vào", "ticket of gate %s, its entry was not heard yet"},
	"console.event.token_lost": {"MẤT THẺ", "TOKEN LOST"},

	"console.help.tap":   {"thẻ hoặc vé: quét, gõ số", "a card or ticket: scan it, type its number"},
	"console.help.print": {"in lại vé của xe vừa vào", "print the ticket again"},

	"console.field.token":      {"Thẻ, vé", "Card, ticket"},
	"console.title.tap":        {"Thẻ hoặc vé, %s", "Card or ticket, %s"},
	"console.enter.tap":        {"đưa vào", "take it"},
	"console.tap.note":         {"Quét mã trên vé, hoặc gõ số thẻ hay số vé.", "Scan the code of the ticket, or type the number of the card or ticket."},
	"console.tap.missing":      {"Chưa có số nào.", "There is no number yet."},
	"console.title.token_lost": {"Mất thẻ hoặc vé, %s", "Lost card or ticket, %s"},
	"console.enter.token_lost": {"ghi là mất", "write it down as lost"},
	"console.token_lost.stay":  {"Xe %s, vào %s", "Vehicle %s, in %s"},
	"console.token_lost.photo": {"Cho khách đưa đăng ký xe trước camera: ảnh chụp khi nhấn Enter.", "Have the papers shown to the camera: the picture is taken at Enter."},
	"console.token_lost.fee":   {"Tiền mất thẻ theo bảng giá được cộng vào phí.", "What a lost one costs by the tariff is added to the fee."},
	"console.reasons.token_lost": {
		"Mất thẻ, có đăng ký xe|Mất vé, có đăng ký xe|Thẻ hỏng",
		"Card lost, papers shown|Ticket lost, papers shown|Card broken",
	},
	"console.said.token_lost": {"✓ đã ghi là mất", "✓ written down as lost"},
	"console.said.printed":    {"✓ đã in vé", "✓ ticket printed"},
	"console.why.no_printer":  {"%s không có máy in vé.", "There is no ticket printer at %s."},
	"console.why.no_ticket":   {"Xe này không có vé để in lại.", "This vehicle has no ticket to print again."},
}

// tokenSentences are what a gate says about cards and tickets.
var tokenSentences = map[string]string{ //nolint:gosec // sentences about cards, none of them a secret
	"This card is on more than one vehicle inside.":                                                           "Thẻ này đang gắn với hơn một xe trong bãi.",
	"No vehicle inside has this card or ticket. Go on by the plate.":                                          "Trong bãi không có xe nào mang thẻ hay vé này. Hãy dùng biển số.",
	"Its card or ticket was said to be lost.":                                                                 "Thẻ hoặc vé của xe này đã báo mất.",
	"The key that signed this ticket is not known here; compare the pictures.":                                "Cổng này chưa có khoá đã ký vé; hãy so hai ảnh.",
	"Nothing was read. Present the card again.":                                                               "Chưa đọc được gì. Hãy quẹt lại.",
	"No card was presented.":                                                                                  "Chưa quẹt thẻ.",
	"The vehicle before is only just going in. Present the card again.":                                       "Xe trước vừa mới vào. Hãy quẹt lại.",
	"This ticket cannot be read: it is damaged, or was not read whole. Scan it again, or go on by the plate.": "Không đọc được vé: vé hỏng hoặc quét chưa hết. Quét lại, hoặc dùng biển số.",
	"This ticket was printed by a newer program than this gate has. Go on by the plate.":                      "Vé này do chương trình mới hơn in. Hãy dùng biển số.",
	"The signature of this ticket is wrong: it was altered or forged. Go on by the plate.":                    "Chữ ký trên vé sai: vé bị sửa hoặc giả. Hãy dùng biển số.",
	"This ticket is of another site. Go on by the plate.":                                                     "Vé này của bãi khác. Hãy dùng biển số.",
	"The stay of this ticket was voided. Go on by the plate.":                                                 "Lượt gửi của vé này đã bị huỷ. Hãy dùng biển số.",
	"This ticket was said to be lost. Go on by the plate, and compare the pictures.":                          "Vé này đã báo mất. Hãy dùng biển số và so hai ảnh.",
	"This vehicle was not let in here yet.":                                                                   "Xe này chưa được cho vào ở đây.",
	"This vehicle has a card and no ticket.":                                                                  "Xe này có thẻ, không có vé.",
	"This vehicle came in without a card or ticket; there is none to lose.":                                   "Xe này vào không có thẻ hay vé nên không có gì để mất.",
	"Nothing was printed: the gate is stopping.":                                                              "Chưa in gì: máy cổng đang dừng.",
	"This ticket is of another stay.":                                                                         "Vé này của lượt gửi khác.",
	"The vehicle of this ticket has just left.":                                                               "Xe của vé này vừa ra.",
	"Nobody read the card.":                                                                                   "Không ai đọc thẻ.",
}

// tokenValues are those with values in them.
var tokenValues = [][2]string{
	{"A ticket is for leaving; lane {} leads in.", "Vé dùng khi ra; làn {} là làn vào."},
	{"This ticket was used: its vehicle left at {}. Go on by the plate.", "Vé này đã dùng: xe ra lúc {}. Hãy dùng biển số."},
	{"This ticket was printed after gate {} had lost its key. Go on by the plate.", "Vé này in sau khi cổng {} mất khoá. Hãy dùng biển số."},
	{"Lane {} has no printer.", "Làn {} không có máy in."},
	{"The card reader of lane {} does not answer. Its cards and tickets are typed or scanned by hand (k) until it is back.", "Đầu đọc thẻ của làn {} không trả lời. Cho đến khi có lại, gõ hoặc quét thẻ và vé bằng tay (k)."},
	{"The ticket printer of lane {} did not print. Look at its paper and its cable, and print again (r).", "Máy in vé của làn {} chưa in được. Xem giấy và dây, rồi in lại (r)."},
	{"The card reader does not answer: {}.", "Đầu đọc thẻ không trả lời: {}."},
	{"The card reader at {} does not answer. Look at its cable and its power.", "Đầu đọc thẻ ở {} không trả lời. Xem dây và nguồn."},
	{"The card reader at {} does not answer. Look at its cable.", "Đầu đọc thẻ ở {} không trả lời. Xem dây."},
	{"The card reader at {} cannot be used. Look at its cable; it must be readable to the gate and nobody else's.", "Không dùng được đầu đọc thẻ ở {}. Xem dây; máy cổng phải được quyền đọc và không ai khác đang dùng."},
	{"The printer does not answer: {}.", "Máy in không trả lời: {}."},
	{"The printer at {} does not answer. Look at its cable and its power.", "Máy in ở {} không trả lời. Xem dây và nguồn."},
	{"The printer at {} did not take all of it. Look at its paper.", "Máy in ở {} chưa nhận hết. Xem giấy."},
	{"The printer at {} cannot be written to. Look at its cable and its power.", "Không ghi được ra máy in ở {}. Xem dây và nguồn."},
}
