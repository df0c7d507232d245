package words

// receipts are the texts of a printed receipt.
var receipts = area{
	"receipt.title":          {"BIÊN NHẬN THU TIỀN", "RECEIPT"},
	"receipt.copy":           {"BẢN SAO", "COPY"},
	"receipt.number":         {"Số %s", "No. %s"},
	"receipt.no_number":      {"Bản xem trước, chưa có số", "Preview, no number yet"},
	"receipt.tax_code":       {"MST %s", "Tax code %s"},
	"receipt.plate":          {"Biển số %s", "Plate %s"},
	"receipt.in":             {"Vào %s", "In %s"},
	"receipt.until":          {"Tính đến %s", "Counted up to %s"},
	"receipt.fee":            {"Phí gửi xe %s", "Parking fee %s"},
	"receipt.tax":            {"Gồm thuế GTGT %d%%: %s", "VAT %d%% included: %s"},
	"receipt.paid":           {"Đã thu %s, %s", "Paid %s, %s"},
	"receipt.cash":           {"Khách đưa %s, trả lại %s", "Given %s, change %s"},
	"receipt.buyer":          {"Người mua: %s", "Buyer: %s"},
	"receipt.buyer_tax_code": {"MST người mua: %s", "Buyer's tax code: %s"},
	"receipt.when":           {"Thu lúc %s", "Paid at %s"},
	"receipt.who":            {"Cổng %s, người thu %s", "Gate %s, taken by %s"},
	"receipt.leave_by":       {"Ra trước %s thì không phải trả thêm.", "Leave by %s and nothing more is owed."},
	"receipt.keep":           {"Quét mã này khi ra.", "Scan this code to leave."},
}

// receiptSentences are what a gate says about receipts and early payments.
var receiptSentences = map[string]string{
	"The key that signed this receipt is not known here; compare it with the pictures before you take it.":     "Cổng này chưa có khoá đã ký biên nhận; hãy so với hai ảnh trước khi nhận.",
	"This receipt cannot be read: it is damaged, or was not read whole. Scan it again, or go on by the plate.": "Không đọc được biên nhận: bị hỏng hoặc quét chưa hết. Quét lại, hoặc dùng biển số.",
	"This receipt was printed by a newer program than this gate has. Go on by the plate.":                      "Biên nhận này do chương trình mới hơn in. Hãy dùng biển số.",
	"The signature of this receipt is wrong: it was altered or forged. Take no money off for it.":              "Chữ ký trên biên nhận sai: bị sửa hoặc giả. Không trừ tiền theo biên nhận này.",
	"This receipt is of another site. Take no money off for it.":                                               "Biên nhận này của bãi khác. Không trừ tiền theo biên nhận này.",
	"The stay of this receipt was voided. Go on by the plate.":                                                 "Lượt gửi của biên nhận này đã bị huỷ. Hãy dùng biển số.",
	"This receipt is of another stay.":                                                                         "Biên nhận này của lượt gửi khác.",
	"The vehicle of this receipt has just left.":                                                               "Xe của biên nhận này vừa ra.",
	"This payment was given back; there is no receipt for it.":                                                 "Khoản này đã hoàn lại nên không có biên nhận.",
	"This money has not come yet; there is no receipt for it.":                                                 "Tiền này chưa về nên chưa có biên nhận.",
	"Nothing was paid for this stay; there is no receipt for it.":                                              "Lượt gửi này chưa trả tiền nên không có biên nhận.",
	"This payment was asked for at another gate, or on the site's page; its receipt is issued there.":          "Khoản này được yêu cầu ở cổng khác hoặc trên trang của bãi; biên nhận được cấp ở đó.",
	"The disk of this gate did not keep the receipt. Check the disk.":                                          "Ổ đĩa của cổng này không giữ được biên nhận. Hãy kiểm tra ổ đĩa.",
	"This gate has no printer.":                                                                                "Cổng này không có máy in.",
	"The key that signed this ticket is not known here. Name the vehicle by its plate.":                        "Cổng này chưa có khoá đã ký vé. Hãy dùng biển số xe.",
	"Name and address have at most 200 letters each, the note at the foot 400.":                                "Tên và địa chỉ dài tối đa 200 chữ mỗi mục, lời nhắn cuối 400.",
	"One of the texts holds a character that cannot be printed.":                                               "Một trong các dòng có ký tự không in được.",
	"The tax is a whole number of percent, from 0 to 100.":                                                     "Thuế là số phần trăm nguyên, từ 0 đến 100.",
	"Give the bank and the account number, or neither.":                                                        "Hãy ghi cả ngân hàng và số tài khoản, hoặc bỏ trống cả hai.",
	"This payment was taken already.":                                                                          "Khoản này đã thu rồi.",
	"The buyer's name and address have at most 200 letters, and no control characters.":                        "Tên và địa chỉ người mua dài tối đa 200 chữ, không có ký tự điều khiển.",
	"Give the buyer's name with the tax code.":                                                                 "Hãy ghi tên người mua cùng mã số thuế.",
}

// receiptValues are those with values in them.
var receiptValues = [][2]string{
	{"The receipt {} counts: {} was paid at gate {}.", "Biên nhận {} được tính: đã trả {} ở cổng {}."},
	{"The receipt {} is for another vehicle; it counts nothing here.", "Biên nhận {} là của xe khác, không tính cho xe này."},
	{"A receipt is for leaving; lane {} leads in.", "Biên nhận dùng khi ra; làn {} là làn vào."},
	{"This receipt was used: its vehicle left at {}. Go on by the plate.", "Biên nhận này đã dùng: xe ra lúc {}. Hãy dùng biển số."},
	{"This receipt was printed after gate {} had lost its key. Go on by the plate.", "Biên nhận này in sau khi cổng {} mất khoá. Hãy dùng biển số."},
	{"The receipt {} is issued already; its buyer cannot be changed.", "Biên nhận {} đã cấp rồi; không đổi được người mua."},
	{"This payment was taken at gate {}; its receipt is issued there.", "Khoản này thu ở cổng {}; biên nhận được cấp ở đó."},
	{"No vehicle inside has the card or ticket {}.", "Trong bãi không có xe nào mang thẻ hay vé {}."},
	{"{} vehicles inside have the card {}; name the stay.", "Trong bãi có {} xe mang thẻ {}; hãy chọn lượt gửi."},
	{"The bank's BIN must be 6 digits, not {}.", "Mã ngân hàng phải gồm 6 chữ số, không phải {}."},
	{"The account number is longer than {} characters.", "Số tài khoản dài hơn {} ký tự."},
	{"The account number may have only digits and the letters A to Z, not {}.", "Số tài khoản chỉ gồm chữ số và chữ A đến Z, không phải {}."},
	{"Nothing is due now for {}.", "Xe {} lúc này không phải trả gì."},
	{"The tax code {} is not one: 10 digits, or 10 and 3 with a hyphen, with the right check digit; or the 12 digits of a person.", "Mã số thuế {} không đúng: phải là 10 chữ số, hoặc 10 và 3 số có gạch nối, đúng số kiểm tra; hoặc 12 số định danh cá nhân."},
}
