package words

// consoleConflicts are the texts of the list of conflicts at a gate.
var consoleConflicts = area{
	"console.help.conflicts":        {"mâu thuẫn đang chờ", "conflicts that wait"},
	"console.why.no_conflict":       {"Không có mâu thuẫn nào đang chờ.", "No conflict waits."},
	"console.title.conflicts":       {"Mâu thuẫn đang chờ", "Conflicts that wait"},
	"console.conflicts.keys":        {"↑↓ chọn   Enter xem kỹ   Esc đóng   %s xe của cổng này", "↑↓ choose   Enter look closer   Esc close   %s a vehicle of this gate"},
	"console.conflicts.detail_keys": {"%d/%d   ↑↓ cái khác   Backspace danh sách   Esc đóng", "%d of %d   ↑↓ another   Backspace list   Esc close"},
	"console.conflicts.no_stay":     {"Xe đã rời bãi nhiều ngày, hoặc mâu thuẫn không về xe nào.", "The vehicle left days ago, or this is about none."},
	"console.conflicts.who":         {"Quản trị viên xử lý trên trang Mâu thuẫn. Ở cổng không cần làm gì.", "An administrator settles it on the page Conflicts. Nothing need be done here."},
}
