package words

import (
	"time"

	"gatehouse/parking"
)

// common holds the words of the field: console and pages say them alike.
var common = area{
	"class.car":       {"ô tô", "car"},
	"class.motorbike": {"xe máy", "motorbike"},
	"class.bicycle":   {"xe đạp", "bicycle"},

	"method.cash":    {"tiền mặt", "cash"},
	"method.vietqr":  {"VietQR", "VietQR"},
	"method.by_hand": {"xác nhận tay", "by hand"},

	"stay.inside": {"trong bãi", "inside"},
	"stay.left":   {"đã ra", "left"},
	"stay.voided": {"đã huỷ", "voided"},

	"slot.free":           {"trống", "free"},
	"slot.occupied":       {"có xe", "taken"},
	"slot.reserved":       {"giữ chỗ", "held"},
	"slot.out_of_service": {"ngừng dùng", "out of service"},
	"slot.mine":           {"gợi ý", "suggested"},
	"slot.trouble":        {"cần xử lý", "needs a look"},
	"slot.unplaced":       {"chưa có chỗ", "no slot"},

	"link.online":   {"ONLINE", "ONLINE"},
	"link.degraded": {"CHẬP CHỜN", "DEGRADED"},
	"link.offline":  {"MẤT MẠNG", "OFFLINE"},

	"direction.in":  {"vào", "in"},
	"direction.out": {"ra", "out"},

	"role.admin": {"quản trị", "administrator"},
	"role.guard": {"bảo vệ", "guard"},

	"duration.s":  {"%d giây", "%d s"},
	"duration.m":  {"%d phút", "%d min"},
	"duration.h":  {"%d giờ", "%d h"},
	"duration.hm": {"%d giờ %d phút", "%d h %d min"},
	"duration.d":  {"%d ngày", "%d d"},
	"duration.dh": {"%d ngày %d giờ", "%d d %d h"},
}

// Class is the name of a class of vehicle; one that the catalogue does not
// know is shown by its code.
func Class(lang string, c parking.Class) string { return known(lang, "class.", string(c)) }

// Method is the name of a way to pay.
func Method(lang string, m parking.Method) string { return known(lang, "method.", string(m)) }

func known(lang, prefix, code string) string {
	if key := prefix + code; Has(key) {
		return T(lang, key)
	}
	return code
}

// Duration says d in the two largest units that matter: seconds below a
// minute, then minutes, hours and minutes, days and hours. A negative d
// reads as zero.
func Duration(lang string, d time.Duration) string {
	d = max(d, 0)
	minutes := int(d / time.Minute)
	hours, days := minutes/60, minutes/60/24
	switch {
	case minutes == 0:
		return T(lang, "duration.s", int(d/time.Second))
	case hours == 0:
		return T(lang, "duration.m", minutes)
	case days == 0 && minutes%60 == 0:
		return T(lang, "duration.h", hours)
	case days == 0:
		return T(lang, "duration.hm", hours, minutes%60)
	case hours%24 == 0:
		return T(lang, "duration.d", days)
	default:
		return T(lang, "duration.dh", days, hours%24)
	}
}
