package words

// laterSentences are what the gate says about what is entered later: paper
// tickets and inventory walks.
//
//nolint:gosec // tokens are cards and tickets here
var laterSentences = map[string]string{
	"This gate has no lane yet.":                 "Cổng này chưa có làn nào.",
	"Give the class.":                            "Hãy ghi loại xe.",
	"Give the plate, or the number of its card.": "Hãy ghi biển số, hoặc số thẻ của xe.",
	"The list is larger than 1 MB.":              "Danh sách lớn hơn 1 MB.",
	"The list is empty; its first line names the columns plate, class, slot, token.": "Danh sách trống; dòng đầu phải ghi tên các cột plate, class, slot, token.",
	"The column class is missing; the first line names plate, class, slot, token.":   "Thiếu cột class; dòng đầu phải ghi tên các cột plate, class, slot, token.",
	"Give the number of the paper ticket.":                                           "Hãy ghi số vé giấy.",
	"Type when the vehicle came in, when it left, or both.":                          "Hãy gõ giờ xe vào, giờ xe ra, hoặc cả hai.",
	"It cannot have left before it came in.":                                         "Xe không thể ra trước khi vào.",
	"Money belongs to an exit; type when the vehicle left.":                          "Tiền thu đi cùng lượt ra; hãy gõ giờ xe ra.",
	"Say in which zone or slot it stands.":                                           "Hãy ghi xe đang ở khu hay ô nào.",
}

// laterValues are those with values in them.
var laterValues = [][2]string{
	{"Paper ticket {}.", "Vé giấy {}."},
	{"There is no zone {}.", "Không có khu {}."},
	{"One walk has at most {} vehicles; split it.", "Mỗi lần kiểm kê có tối đa {} xe; hãy chia nhỏ."},
	{"One walk has at most {} vehicles; split the list at line {}.", "Mỗi lần kiểm kê có tối đa {1} xe; hãy chia danh sách từ dòng {2}."},
	{"Vehicle {}: {} was named with vehicle {} already.", "Xe thứ {1}: {2} đã được ghi ở xe thứ {3}."},
	{"Vehicle {}: {}", "Xe thứ {1}: {2}"},
	{"There is no slot {} in zone {}.", "Không có ô {1} trong khu {2}."},
	{"The list cannot be read: {}.", "Không đọc được danh sách: {}."},
	{"Line {}: {}", "Dòng {1}: {2}"},
	{"Line {}: {}.", "Dòng {1}: {2}."},
	{"There is no column {}; the first line names plate, class, slot, token.", "Không có cột {}; dòng đầu phải ghi tên các cột plate, class, slot, token."},
	{"The column {} is named twice.", "Cột {} được ghi hai lần."},
	{"The ticket {} is that of a vehicle inside already.", "Vé {} đã là của một xe đang trong bãi."},
	{"The sum {} is not possible.", "Số tiền {} không hợp lệ."},
	{"The time {} lies in the future.", "Giờ {} ở tương lai."},
	{"The time {} is more than a month ago.", "Giờ {} đã quá một tháng trước."},
	{"No vehicle inside has the ticket {}. Type its plate.", "Không xe nào trong bãi có vé {}. Hãy gõ biển số."},
	{"{} vehicles inside have that plate; give the number of the card or ticket.", "Có {} xe trong bãi mang biển đó; hãy ghi số thẻ hoặc vé."},
}
