package words

import (
	"regexp"
	"slices"
	"strings"
)

// Sentence translates what a gate says to its guard: refusals and warnings
// are made in English where they arise, as one sentence each, and a screen
// shows them in its own language. A sentence that is not in the table stays
// as it is.
func Sentence(lang, s string) string {
	if lang != Vi {
		return s
	}
	for _, fixed := range []map[string]string{
		fixedSentences, laneSentences, settleSentences, laterSentences, tokenSentences, shiftSentences, passSentences, receiptSentences,
		discountSentences, signSentences, settingsSentences, lockSentences, setupSentences, messageSentences, takeBackSentences,
	} {
		if vi, ok := fixed[s]; ok {
			return vi
		}
	}
	for _, p := range sentencePatterns {
		if found := p.english.FindStringSubmatchIndex(s); found != nil {
			return string(p.english.ExpandString(nil, p.vietnamese, s, found))
		}
	}
	return s
}

// sentencePattern is a sentence with values in it.
type sentencePattern struct {
	english    *regexp.Regexp
	vietnamese string // with ${1} for the first value
}

var sentencePatterns = compileSentences(slices.Concat(
	takeBackValues, passValues, settleValues, shiftValues, laterValues, tokenValues, receiptValues, discountValues, signValues, settingsValues, lockValues, setupValues, messageValues, valueSentences,
))

// compileSentences makes patterns of pairs in which {} stands for a value,
// {2} in the Vietnamese for the second. Those that say more come first: a value
// must not swallow half of a sentence that has a pattern of its own.
func compileSentences(pairs [][2]string) []sentencePattern {
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	out := make([]sentencePattern, 0, len(pairs))
	for _, p := range pairs {
		english := strings.ReplaceAll(regexp.QuoteMeta(p[0]), `\{\}`, `"?(.+?)"?`)
		vi := regexp.MustCompile(`\{(\d)\}`).ReplaceAllString(strings.ReplaceAll(p[1], "{}", "{1}"), "$${$1}")
		out = append(out, sentencePattern{regexp.MustCompile("^" + english + "$"), vi})
	}
	return out
}

var fixedSentences = map[string]string{ //nolint:gosec // sentences about passwords, none of them one
	"Check the plate: the reading is not sure.":                                              "Xem lại biển số: máy đọc chưa chắc.",
	"Compare the pictures and pick the vehicle.":                                             "So hai ảnh rồi chọn xe.",
	"No vehicle inside has this plate or one like it.":                                       "Trong bãi không có xe nào mang biển này hay gần giống.",
	"It came in with a card; the card was not shown.":                                        "Lúc vào có thẻ; chưa đưa thẻ.",
	"It came in without a card; the plate alone was checked.":                                "Lúc vào không có thẻ; chỉ so biển số.",
	"Card and plate belong to different vehicles.":                                           "Thẻ và biển số là của hai xe khác nhau.",
	"This plate is inside more than once.":                                                   "Biển này đang ở trong bãi hơn một lần.",
	"There is no free slot for this class; it goes in without one.":                          "Hết ô cho loại xe này; xe vào mà chưa có chỗ.",
	"The line is down: this slot may be taken by another gate.":                              "Mất mạng: ô này có thể cổng khác đã dùng.",
	"This plate is inside already.":                                                          "Biển này đang ở trong bãi.",
	"This card is in use by a vehicle that is inside.":                                       "Thẻ này đang thuộc một xe trong bãi.",
	"No zone of this site takes this class.":                                                 "Bãi không có khu nào cho loại xe này.",
	"The zone is full by its count.":                                                         "Khu này đã đủ số xe.",
	"A vehicle that leaves needs no slot.":                                                   "Xe ra thì không cần ô.",
	"A vehicle whose entry is not known pays in cash: a transfer needs a stay to belong to.": "Xe không rõ lượt vào thì trả tiền mặt: chuyển khoản phải gắn với một lượt gửi.",
	"Give the time that the bank shows for the transfer.":                                    "Ghi giờ chuyển khoản như ngân hàng hiện.",
	"It is not certain which vehicle this is. Compare the pictures and pick one.":            "Chưa chắc là xe nào. So hai ảnh rồi chọn.",
	"It is not known when this vehicle came in.":                                             "Không rõ xe này vào lúc nào.",
	"Name the payer's bank.":                                                                 "Ghi ngân hàng của người trả.",
	"No stay was found for this vehicle. Type its plate, or let it out as unknown.":          "Không thấy lượt vào của xe này. Gõ biển số, hoặc cho ra là xe không rõ.",
	"Nobody hands over that much cash.":                                                      "Không ai đưa nhiều tiền mặt như vậy.",
	"Nobody is signed in at this gate. Sign in first.":                                       "Chưa ai đăng nhập ở cổng này. Hãy đăng nhập trước.",
	"Nothing is due; let the vehicle go.":                                                    "Không phải trả tiền; cho xe ra.",
	"The barrier was not asked to open: the gate is stopping.":                               "Chưa gọi mở barie: máy cổng đang dừng.",
	"The barrier's relay cannot be asked: its address is wrong.":                             "Không gọi được rơ-le barie: sai địa chỉ.",
	"The barrier's relay cannot be reached.":                                                 "Không kết nối được rơ-le barie.",
	"The cloud cannot be reached.":                                                           "Không kết nối được máy chủ.",
	"The cloud has not answered yet.":                                                        "Máy chủ chưa trả lời.",
	"The disk of this gate cannot be read. Check the disk.":                                  "Không đọc được ổ đĩa của cổng. Kiểm tra ổ đĩa.",
	"The name of the bank is too long.":                                                      "Tên ngân hàng quá dài.",
	"The number of a card or ticket has letters and digits only.":                            "Số thẻ hay vé chỉ có chữ và số.",
	"The password is empty.":                                                                 "Chưa có mật khẩu.",
	"The picture could not be kept.":                                                         "Không lưu được ảnh.",
	"The plate is still being read. Wait a moment or type it.":                               "Đang đọc biển số. Chờ một chút hoặc gõ tay.",
	"The plate reader is not running. Type the plate by hand.":                               "Máy đọc biển không chạy. Hãy gõ biển số.",
	"The plate reader stopped over this picture. Type the plate by hand.":                    "Máy đọc biển dừng ở ảnh này. Hãy gõ biển số.",
	"The plate was not read for sure. Pick or type it first.":                                "Biển số đọc chưa chắc. Chọn hoặc gõ trước.",
	"The reason is too long; a sentence is enough.":                                          "Lý do quá dài; một câu là đủ.",
	"The time of the transfer is before this vehicle came in.":                               "Giờ chuyển khoản trước giờ xe vào.",
	"The time of the transfer lies in the future.":                                           "Giờ chuyển khoản ở tương lai.",
	"The vision worker is starting; plates are typed until then.":                            "Máy đọc biển đang khởi động; tạm gõ biển số.",
	"There is no vision worker; plates are typed.":                                           "Không có máy đọc biển; gõ biển số.",
	"This lane has no camera; plates are typed.":                                             "Làn này không có camera; gõ biển số.",
	"There is no plate. Type it, or give a reason why there is none.":                        "Chưa có biển số. Gõ biển, hoặc ghi lý do vì sao không có.",
	"There is no such candidate.":                                                            "Không có biển nào như vậy để chọn.",
	"There is no such vehicle in the list.":                                                  "Không có xe nào như vậy trong danh sách.",
	"This gate was revoked.":                                                                 "Cổng này đã bị thu hồi.",
	"This site has no bank account yet; take cash, or ask the administrator to enter one.":   "Bãi chưa có tài khoản ngân hàng; thu tiền mặt, hoặc nhờ quản trị nhập.",
	"This site has no zones yet; nothing can be let in.":                                     "Bãi chưa có khu nào; chưa cho xe vào được.",
	"This stay is not known at this gate.":                                                   "Cổng này không biết lượt gửi đó.",
	"This stay was voided.":                                                                  "Lượt gửi này đã bị huỷ.",
	"This vehicle has left already.":                                                         "Xe này đã ra rồi.",
	"This vehicle was not let through yet.":                                                  "Xe này chưa được cho qua.",
	"Too many wrong passwords. Wait a minute and try again.":                                 "Sai mật khẩu nhiều lần. Chờ một phút rồi thử lại.",
	"Type your name and your password.":                                                      "Gõ tên và mật khẩu.",
	"Something went wrong on our side. It was written to the log.":                           "Máy gặp lỗi; đã ghi vào nhật ký.",
	"Type the plate.":                   "Hãy gõ biển số.",
	"This plate fits no known pattern.": "Biển số không đúng mẫu nào đã biết.",
	"The program ended before the barrier had answered. Open again if the vehicle still waits.": "Chương trình dừng trước khi barie trả lời. Hãy mở lại nếu xe còn chờ.",
	"This gate works without a cloud.": "Cổng này làm việc không có máy chủ.",
	"No plate.":                        "Không có biển số.",
	"As typed by the guard.":           "Theo bảo vệ gõ.",
	"As read by the camera.":           "Theo máy đọc.",
	"Give a reason.":                   "Hãy ghi lý do.",

	// Cameras: why one is away, and its alarms.
	"The camera refuses the connection.":                                                       "Camera từ chối kết nối.",
	"The camera refuses the password.":                                                         "Camera từ chối mật khẩu.",
	"The camera does not answer.":                                                              "Camera không trả lời.",
	"The camera's name is not known on this network.":                                          "Mạng này không biết tên của camera.",
	"There is no way to the camera on this network.":                                           "Mạng này không có đường tới camera.",
	"The camera's certificate cannot be verified.":                                             "Không kiểm tra được chứng thư của camera.",
	"The connection to the camera was lost.":                                                   "Đã mất kết nối với camera.",
	"The camera does not send a picture in time.":                                              "Camera không gửi ảnh kịp.",
	"The camera is connected and sends no pictures.":                                           "Camera đã nối nhưng không gửi ảnh.",
	"The camera is being connected and has not answered yet.":                                  "Đang nối camera, chưa có trả lời.",
	"The camera was closed.":                                                                   "Camera đã đóng.",
	"The camera's picture is broken.":                                                          "Ảnh của camera bị hỏng.",
	"The camera has nothing at this address.":                                                  "Camera không có gì ở địa chỉ này.",
	"The camera sends to another address.":                                                     "Camera chuyển sang địa chỉ khác.",
	"The camera answered with a page and not with a picture; check its address.":               "Camera trả về trang web chứ không phải ảnh; kiểm tra địa chỉ.",
	"The camera answered with what is no picture.":                                             "Camera trả về thứ không phải ảnh.",
	"The camera's stream holds what is no picture.":                                            "Luồng của camera chứa thứ không phải ảnh.",
	"The camera's stream cannot be opened; check its path and its password.":                   "Không mở được luồng của camera; kiểm tra đường dẫn và mật khẩu.",
	"The camera at USB cannot be opened; it is not there, or another program has it.":          "Không mở được camera USB; không có hoặc chương trình khác đang dùng.",
	"The video file cannot be opened.":                                                         "Không mở được tệp video.",
	"The video has ended.":                                                                     "Video đã hết.",
	"The program that decodes this camera's pictures cannot be started.":                       "Không chạy được chương trình giải mã ảnh của camera này.",
	"The program that decodes this camera's pictures has ended.":                               "Chương trình giải mã ảnh của camera này đã dừng.",
	"The program that decodes this camera's pictures answered with garbage.":                   "Chương trình giải mã ảnh của camera này trả lời sai.",
	"The camera's hardware address cannot be found out; it does not stand on this network.":    "Không biết được địa chỉ phần cứng của camera; nó không ở mạng này.",
	"The picture looks unlike this lane: the camera was moved, or something stands before it.": "Ảnh không giống làn này: camera bị xê dịch hoặc bị che.",

	// Slots that another gate may hand out.
	"This gate has no free slot of its own for this class; choose another by hand, or let it in without one.": "Cổng này hết ô của mình cho loại xe này; chọn ô khác bằng tay, hoặc cho vào chưa có chỗ.",
	"This gate's share of the zone is used up while the line is down.":                                        "Mất mạng: phần chỗ của cổng này trong khu đã hết.",

	"The time is known from the cloud; nothing was changed.":                                          "Đã biết giờ từ máy chủ; không đổi gì.",
	"The clock of this machine runs; nothing was changed.":                                            "Đồng hồ máy này vẫn chạy; không đổi gì.",
	"The disk of this gate is full; nothing was recorded. Free some space.":                           "Ổ đĩa của cổng đầy; chưa ghi được gì. Hãy dọn bớt chỗ.",
	"The disk of this gate does not answer; nothing was recorded. Check the disk.":                    "Ổ đĩa của cổng không trả lời; chưa ghi được gì. Kiểm tra ổ đĩa.",
	"The disk of this gate is read-only; nothing was recorded. Check the disk.":                       "Ổ đĩa của cổng chỉ đọc được; chưa ghi được gì. Kiểm tra ổ đĩa.",
	"The database of this gate is busy; nothing was recorded. Try again.":                             "Cơ sở dữ liệu của cổng đang bận; chưa ghi được gì. Thử lại.",
	"The database of this gate is damaged; nothing was recorded. Stop the gate and run gate recover.": "Cơ sở dữ liệu của cổng bị hỏng; chưa ghi được gì. Dừng máy cổng và chạy gate recover.",
	"The database of this gate is damaged. Open by the barrier's own key until it is put right: run gate recover, which saves every record that can be read, and start the gate again.":                                                                   "Cơ sở dữ liệu của cổng bị hỏng. Hãy mở barie bằng khoá của nó cho đến khi sửa xong: chạy gate recover để cứu mọi bản ghi còn đọc được, rồi chạy lại máy cổng.",
	"The database of this gate is damaged; nothing is recorded and no barrier opens by itself. Stop the gate and run gate recover.":                                                                                                                       "Cơ sở dữ liệu của cổng bị hỏng; không ghi được gì và barie không tự mở. Dừng máy cổng và chạy gate recover.",
	"The disk of this gate is full: nothing is recorded and no barrier opens by itself. Free some space; the gate goes on by itself.":                                                                                                                     "Ổ đĩa của cổng đầy: không ghi được gì và barie không tự mở. Hãy dọn bớt chỗ; cổng sẽ tự chạy tiếp.",
	"This disk stands in another machine than the one that was enrolled as this gate. The lanes work. If the machine was replaced, ask the administrator for a new code and run gate enrol --again.":                                                      "Ổ đĩa này nằm trong máy khác với máy đã đăng ký làm cổng. Các làn vẫn chạy. Nếu đã thay máy, xin quản trị mã mới rồi chạy gate enrol --again.",
	"The cloud holds records of this gate that this machine does not know: its disk is an older copy, or another machine is the same gate. The lanes work. Stop the other machine if there is one; else compare the vehicles inside with the list.":       "Máy chủ có bản ghi của cổng này mà máy này không biết: ổ đĩa là bản cũ, hoặc có máy khác cũng là cổng này. Các làn vẫn chạy. Nếu có máy kia thì tắt nó; nếu không, đối chiếu xe trong bãi với danh sách.",
	"Another machine is connected as this gate just now. The lanes work, and nothing is lost. Stop one of the two machines, and enrol it as a gate of its own.":                                                                                           "Đang có máy khác kết nối với tư cách cổng này. Các làn vẫn chạy, không mất gì. Hãy tắt một trong hai máy và đăng ký nó thành cổng riêng.",
	"The disk of this gate is nearly full: the oldest records that the cloud has go before their 35 days. Free some space now.":                                                                                                                           "Ổ đĩa của cổng gần đầy: những bản ghi cũ nhất mà máy chủ đã có bị xoá trước hạn 35 ngày. Hãy dọn bớt chỗ ngay.",
	"Photos have room for less than a day more at this gate. Then the oldest that the cloud has go before their 35 days, and after them no new ones are kept. Free some space on its disk, give photos more of it (--photos-gb), or bring the link back.": "Ảnh ở cổng này còn chưa tới một ngày là hết chỗ. Khi đó ảnh cũ nhất mà máy chủ đã có bị xoá trước hạn 35 ngày, sau đó không giữ thêm ảnh mới. Hãy dọn bớt ổ đĩa, cho ảnh thêm chỗ (--photos-gb), hoặc nối lại mạng.",
}

// valueSentences are sentences with values, each {} in order.
var valueSentences = slices.Concat(laneValues, [][2]string{
	{"The disk of this gate fills up: {} MB are left. Below {} MB the oldest records that the cloud has go before their 35 days, what was heard of other gates first; what the cloud lacks stays. Free some space now.", "Ổ đĩa của cổng đang đầy dần: còn {1} MB. Dưới {2} MB, những bản ghi cũ nhất mà máy chủ đã có bị xoá trước hạn 35 ngày, bản ghi nghe từ cổng khác trước; những gì máy chủ chưa có thì giữ lại. Hãy dọn bớt chỗ ngay."},
	{"Photos have room for about {} days more at this gate. Then the oldest that the cloud has go before their 35 days, and after them no new ones are kept. Free some space on its disk, give photos more of it (--photos-gb), or bring the link back.", "Ảnh ở cổng này còn khoảng {} ngày là hết chỗ. Khi đó ảnh cũ nhất mà máy chủ đã có bị xoá trước hạn 35 ngày, sau đó không giữ thêm ảnh mới. Hãy dọn bớt ổ đĩa, cho ảnh thêm chỗ (--photos-gb), hoặc nối lại mạng."},
	{"Gate {} passes on records that are not as their gate signed them; none of it was taken. Look at that machine: it may have been tampered with.", "Cổng {} chuyển những bản ghi không đúng chữ ký của cổng đã tạo ra; không nhận bản nào. Hãy kiểm tra máy đó: có thể đã bị can thiệp."},
	{"{} does not take the class {}.", "Ô {1} không nhận loại xe {2}."},
	{"{} is due.", "Phải thu {}."},
	{"{} is less than the {} that is due.", "{1} chưa đủ {2} phải thu."},
	{"{} is occupied.", "Ô {} đang có xe."},
	{"{} is offered at another lane of this gate.", "Ô {} đang được gợi ý ở làn khác của cổng này."},
	{"{} is out of service.", "Ô {} ngừng dùng."},
	{"{} was taken just now, and no other slot is free.", "Ô {} vừa có xe, và không còn ô nào."},
	{"{} was taken just now; {} is offered instead.", "Ô {1} vừa có xe; gợi ý {2}."},
	{"{} may be handed out by another gate, which has not lent it.", "Ô {} có thể cổng khác đang dùng; cổng đó chưa cho mượn."},
	{"Another gate holds {} just now.", "Cổng khác đang giữ ô {}."},
	{"Gate {} holds {} just now.", "Cổng {1} đang giữ ô {2}."},
	{"Give a reason for {}.", "Ghi lý do cho {}."},
	{"Lane {} has no camera.", "Làn {} không có camera."},
	{"The camera answered with an error ({}).", "Camera trả về lỗi ({})."},
	{"The camera's picture has stood still for {} seconds; it is frozen.", "Ảnh của camera đứng yên đã {} giây: camera bị treo."},
	{"Another device ({}) answers at the camera's address.", "Thiết bị khác ({}) trả lời ở địa chỉ của camera."},
	{"The cut of the camera's picture lies outside of it: it has {} × {} pixels.", "Phần cắt nằm ngoài ảnh của camera: ảnh có {} × {} điểm."},
	{"Lane {} leads in.", "Làn {} là làn vào."},
	{"Lane {} leads out.", "Làn {} là làn ra."},
	{"Name or password is wrong, or {} has not signed in at this gate before.", "Sai tên hay mật khẩu, hoặc {} chưa từng đăng nhập ở cổng này."},
	{"No vehicle with the plate {} is inside.", "Trong bãi không có xe biển {}."},
	{"Signing in without the cloud has ended for {}. Sign in once while the cloud can be reached.", "{} hết hạn đăng nhập khi mất mạng. Hãy đăng nhập một lần khi có mạng."},
	{"The barrier does not answer: {}.", "Barie không trả lời: {}."},
	{"The barrier's relay did not answer within {}. Look at the barrier before you open again.", "Rơ-le barie không trả lời trong {}. Nhìn barie trước khi mở lại."},
	{"The barrier's relay refused: it answered {}.", "Rơ-le barie từ chối: trả lời {}."},
	{"Something about this stay has changed meanwhile; {} is due now.", "Lượt gửi này vừa thay đổi; bây giờ phải thu {}."},
	{"{} has come meanwhile; {} is still due.", "Đã nhận thêm {}; còn phải thu {}."},
	{"The fee was shown too long ago; it is {} now.", "Phí đã hiện quá lâu; bây giờ là {}."},
	{"The plate {} has not been here.", "Biển {} chưa từng vào đây."},
	{"The tariff has no price for the class {}.", "Bảng giá không có loại xe {}."},
	{"Say why it came in as another class.", "Hãy ghi vì sao lúc vào xe được ghi là loại khác."},
	{"It came in as another class; say why that is wrong.", "Lúc vào xe được ghi là loại khác; hãy ghi vì sao sai."},
	{"The vehicle {} has left already.", "Xe {} đã ra rồi."},
	{"The vehicle at lane {} has changed. Look before you press again.", "Xe ở làn {} đã đổi. Xem rồi nhấn lại."},
	{"The vehicle at lane {} has gone.", "Xe ở làn {} đã đi."},
	{"The vehicle at lane {} was let in already.", "Xe ở làn {} đã được cho vào."},
	{"The vehicle at lane {} was let out already.", "Xe ở làn {} đã được cho ra."},
	{"There is no slot {}.", "Không có ô {}."},
	{"Gate {} has no lane {}.", "Cổng {1} không có làn {2}."},
	{"Lane {} leads {}.", "Làn {1} là làn chiều kia ({2})."},
	{"This id was used for another vehicle ({}).", "Mã này đã dùng cho xe khác ({1})."},
	{"The number of a card or ticket has at most {} characters.", "Số thẻ hoặc vé có tối đa {1} ký tự."},
	{"{} vehicles with the plate {} are inside; name the stay.", "Có {1} xe biển số {2} trong bãi; hãy chỉ rõ lượt gửi."},
	{"{} is due; the method is cash, vietqr or by_hand.", "Còn phải trả {1}; cách trả là cash, vietqr hoặc by_hand."},
	{"The fee {} is not possible.", "Phí {1} không hợp lệ."},
	{"It cannot be that early: this gate knows that it is later than {}.", "Không thể sớm như vậy: cổng này biết bây giờ đã quá {} (giờ UTC)."},
	{"The database of this gate was damaged and made anew: {} records were saved, {} between them could not be read. Compare the vehicles inside with the list.", "Cơ sở dữ liệu của cổng bị hỏng và đã làm lại: cứu được {1} bản ghi, {2} bản ghi ở giữa không đọc được. Hãy đối chiếu xe trong bãi với danh sách."},
	{"The cloud's time has jumped by {}. If other gates say the same, the clock of the cloud is wrong: tell the administrator.", "Giờ máy chủ bị nhảy {}. Nếu các cổng khác cũng báo vậy thì đồng hồ máy chủ sai: báo quản trị."},
})
