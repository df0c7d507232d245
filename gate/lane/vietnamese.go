package lane

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// vietnamese holds the sentences that a desk says to a guard, as they are
// written where they are said, and in Vietnamese; {1} and so on stand for what
// is filled in. A test finds the sentences that are missing here.
var vietnamese = map[string]string{ //nolint:gosec // "Type your name and your password" is no password
	// Warnings of a subject.
	warnType:     "Hãy gõ biển số.",
	warnCheck:    "Kiểm tra biển số: máy đọc chưa chắc.",
	warnPattern:  "Biển số không đúng mẫu nào đã biết.",
	warnFull:     "Hết chỗ cho loại xe này; xe vào không có chỗ cố định.",
	warnGone:     "Đang mất kết nối: chỗ này có thể đã bị cổng khác lấy.",
	warnInside:   "Biển số này đang ở trong bãi.",
	warnToken:    "Thẻ này đang dùng cho một xe trong bãi.",
	warnNoZone:   "Bãi không có khu cho loại xe này.",
	warnZoneMax:  "Khu đã đầy theo số đếm.",
	warnNoStay:   "Không có xe nào trong bãi có biển số này hoặc gần giống.",
	warnPick:     "So ảnh rồi chọn đúng xe.",
	warnNoCard:   "Xe vào bằng thẻ nhưng chưa đưa thẻ.",
	warnCardless: "Xe vào không có thẻ; chỉ kiểm tra biển số.",
	warnMismatch: "Thẻ và biển số thuộc hai xe khác nhau.",
	warnTwice:    "Biển số này có nhiều xe trong bãi.",
	warnRestart:  "Chương trình dừng trước khi barie trả lời. Hãy mở lại nếu xe còn chờ.",
	warnPhoto:    "Không lưu được ảnh.",
	warnHeld:     "Cổng khác đang giữ {1}.",
	// Parts that are away.
	"There is no vision worker; plates are typed.":                                             "Không có bộ đọc biển số; hãy gõ biển số.",
	"This lane has no camera; plates are typed.":                                               "Làn này không có camera; hãy gõ biển số.",
	"This gate works without a cloud.":                                                         "Cổng này làm việc không có máy chủ.",
	"The barrier does not answer: %s.":                                                         "Barie không trả lời: {1}.",
	"The barrier's relay cannot be reached.":                                                   "Không liên lạc được với rơ-le của barie.",
	"The barrier's relay refused: it answered %d.":                                             "Rơ-le của barie từ chối (mã {1}).",
	"Lane %s has no camera.":                                                                   "Làn {1} không có camera.",
	"This site has no zones yet; nothing can be let in.":                                       "Bãi chưa có khu nào; chưa cho xe vào được.",
	"The barrier's relay did not answer within %s. Look at the barrier before you open again.": "Rơ-le của barie không trả lời trong {1}. Hãy nhìn barie trước khi mở lại.",
	"The barrier's relay cannot be asked: its address is wrong.":                               "Địa chỉ rơ-le của barie bị sai.",
	"The barrier was not asked to open: the gate is stopping.":                                 "Chưa ra lệnh mở barie: chương trình cổng đang dừng.",
	// Who acts.
	"Nobody is signed in at this gate. Sign in first.": "Chưa ai đăng nhập ở cổng này. Hãy đăng nhập trước.",
	"Type your name and your password.":                "Hãy gõ tên và mật khẩu.",
	"Give a reason.":                                   "Hãy ghi lý do.",
	"The reason is too long; a sentence is enough.":    "Lý do quá dài; một câu là đủ.",
	// What an act is about.
	"Gate %s has no lane %q.":                                          "Cổng {1} không có làn {2}.",
	"Lane %s leads %s.":                                                "Làn {1} là làn chiều khác.",
	"Lane %s leads in.":                                                "Làn {1} là làn vào.",
	"Lane %s leads out.":                                               "Làn {1} là làn ra.",
	"A vehicle stands at lane %s already.":                             "Làn {1} đang có xe.",
	"The vehicle at lane %s has gone.":                                 "Xe ở làn {1} đã đi.",
	"The vehicle at lane %s was let in already.":                       "Xe ở làn {1} đã được cho vào.",
	"The vehicle at lane %s was let out already.":                      "Xe ở làn {1} đã được cho ra.",
	"This vehicle was not let through yet.":                            "Xe này chưa được cho qua.",
	"This vehicle has left already.":                                   "Xe này đã ra rồi.",
	"The vehicle %s has left already.":                                 "Xe {1} đã ra rồi.",
	"This stay was voided.":                                            "Lượt gửi này đã bị huỷ.",
	"The vehicle at lane %s has changed. Look before you press again.": "Xe ở làn {1} đã đổi. Hãy nhìn lại trước khi bấm.",
	"This id was used for another vehicle (%s).":                       "Mã này đã dùng cho xe khác ({1}).",
	// The way in.
	"The plate was not read for sure. Pick or type it first.":         "Biển số đọc chưa chắc. Hãy chọn hoặc gõ biển số trước.",
	"The plate is still being read. Wait a moment or type it.":        "Đang đọc biển số. Chờ một chút hoặc gõ biển số.",
	"There is no plate. Type it, or give a reason why there is none.": "Chưa có biển số. Hãy gõ, hoặc ghi lý do không có.",
	"There is no such candidate.":                                     "Không có lựa chọn này.",
	"The tariff has no price for the class %q.":                       "Bảng giá không có loại xe {1}.",
	"A vehicle that leaves needs no slot.":                            "Xe ra không cần chỗ.",
	"There is no slot %q.":                                            "Không có chỗ {1}.",
	"%s is out of service.":                                           "{1} đang ngừng dùng.",
	"%s is occupied.":                                                 "{1} đã có xe.",
	"%s does not take the class %s.":                                  "{1} không nhận loại xe {2}.",
	"Gate %s holds %s just now.":                                      "Cổng {1} đang giữ {2}.",
	"%s is offered at another lane of this gate.":                     "{1} đang được đề nghị ở làn khác của cổng này.",
	"%s was taken just now, and no other slot is free.":               "{1} vừa bị lấy, không còn chỗ trống nào khác.",
	"%s was taken just now; %s is offered instead.":                   "{1} vừa bị lấy; đề nghị {2} thay thế.",
	"The number of a card or ticket has at most %d characters.":       "Số thẻ hoặc vé có tối đa {1} ký tự.",
	"The number of a card or ticket has letters and digits only.":     "Số thẻ hoặc vé chỉ gồm chữ và số.",
	// The way out.
	"No stay was found for this vehicle. Type its plate, or let it out as unknown.": "Không tìm thấy lượt gửi của xe này. Hãy gõ biển số, hoặc cho ra như xe lạ.",
	"It is not certain which vehicle this is. Compare the pictures and pick one.":   "Chưa chắc là xe nào. Hãy so ảnh rồi chọn.",
	"There is no such vehicle in the list.":                                         "Danh sách không có xe này.",
	"It is not known when this vehicle came in.":                                    "Không biết xe này vào lúc nào.",
	"No vehicle with the plate %s is inside.":                                       "Không có xe biển số {1} trong bãi.",
	"%d vehicles with the plate %s are inside; name the stay.":                      "Có {1} xe biển số {2} trong bãi; hãy chỉ rõ lượt gửi.",
	"%s is due.": "Còn phải trả {1}.",
	"%s is due; the method is cash, vietqr or by_hand.":                                      "Còn phải trả {1}; cách trả là cash, vietqr hoặc by_hand.",
	"%s is less than the %s that is due.":                                                    "{1} ít hơn số phải trả {2}.",
	"Nobody hands over that much cash.":                                                      "Số tiền mặt quá lớn.",
	"Nothing is due; let the vehicle go.":                                                    "Không phải trả tiền; hãy cho xe ra.",
	"The fee was shown too long ago; it is %s now.":                                          "Phí đã hiện quá lâu; bây giờ là {1}.",
	"The fee %d is not possible.":                                                            "Phí {1} không hợp lệ.",
	"Name the payer's bank.":                                                                 "Hãy ghi ngân hàng của người trả.",
	"The name of the bank is too long.":                                                      "Tên ngân hàng quá dài.",
	"Give the time that the bank shows for the transfer.":                                    "Hãy ghi giờ chuyển khoản mà ngân hàng hiện.",
	"The time of the transfer lies in the future.":                                           "Giờ chuyển khoản ở tương lai.",
	"The time of the transfer is before this vehicle came in.":                               "Giờ chuyển khoản trước lúc xe vào.",
	"This site has no bank account yet; take cash, or ask the administrator to enter one.":   "Bãi chưa có tài khoản ngân hàng; hãy thu tiền mặt, hoặc nhờ quản trị nhập tài khoản.",
	"A vehicle whose entry is not known pays in cash: a transfer needs a stay to belong to.": "Xe không rõ lượt vào thì trả tiền mặt: chuyển khoản phải gắn với một lượt gửi.",
}

// pattern is a sentence with places for what is filled in.
type pattern struct {
	match *regexp.Regexp
	text  string
}

// patterns are the sentences of the table that have places to fill.
var patterns = sync.OnceValue(func() []pattern {
	place := regexp.MustCompile(`%[sdq]`)
	var out []pattern
	for english, text := range vietnamese {
		if place.MatchString(english) {
			out = append(out, pattern{regexp.MustCompile("^" + place.ReplaceAllString(regexp.QuoteMeta(english), "(.+)") + "$"), text})
		}
	}
	return out
})

// InVietnamese returns what a desk said (a warning, a Why, the sentence of an
// error) in Vietnamese, and the sentence itself when it is not one of a desk.
func InVietnamese(sentence string) string {
	if text, ok := vietnamese[sentence]; ok {
		return text
	}
	best, bestText := []string(nil), ""
	for _, p := range patterns() {
		// The pattern that leaves least to be filled in is the one that was said.
		if m := p.match.FindStringSubmatch(sentence); m != nil && (best == nil || filled(m) < filled(best)) {
			best, bestText = m, p.text
		}
	}
	for i := 1; i < len(best); i++ {
		bestText = strings.ReplaceAll(bestText, "{"+strconv.Itoa(i)+"}", best[i])
	}
	if best == nil {
		return sentence
	}
	return bestText
}

func filled(match []string) int {
	n := 0
	for _, m := range match[1:] {
		n += len(m)
	}
	return n
}
