package words

// setupSentences are what is said while a gate is set up.
//
//nolint:gosec // no secrets
var setupSentences = map[string]string{
	"The name or the password is not right.":                                             "Tên hoặc mật khẩu không đúng.",
	"This code is not valid (any more). Ask an administrator for a new one.":             "Mã này không dùng được (nữa). Hãy xin quản trị mã mới.",
	"This gate is not enrolled yet. Ask an administrator for a code and run: gate enrol": "Cổng này chưa ghi danh. Hãy xin quản trị một mã.",
	"The one-time code is missing. An administrator makes one on the page Gates.":        "Thiếu mã ghi danh. Quản trị cấp mã ở trang Cổng.",
	"What the camera sends is no picture.":                                               "Camera không gửi ảnh.",
}

// setupValues are those with values in them.
var setupValues = [][2]string{
	{"What answers at {} is not our cloud.", "Nơi trả lời ở {} không phải máy chủ của bãi."},
	{"{} is not the address of a cloud. Write it like https://parking.example.com", "{} không phải địa chỉ máy chủ. Hãy ghi như https://parking.example.com"},
	{"This gate has not been told about its site yet, and needs the cloud for its first start. {}", "Cổng này chưa biết về bãi, và lần đầu cần máy chủ. {}"},
	{"The camera {} needs the vision program; give its path with --vision.", "Camera {} cần chương trình đọc biển số; hãy chỉ đường dẫn bằng --vision."},
	{"The picture folder {} cannot be read.", "Không đọc được thư mục ảnh {}."},
	{"The camera kind {} is not known; it is sim, folder, video, v4l2, rtsp or http.", "Không có loại camera {}; chỉ có sim, folder, video, v4l2, rtsp, http."},
	{"The barrier {} is not understood; write sim:, none: or the http or modbus address of a relay.", "Không hiểu barie {}; hãy ghi sim:, none: hoặc địa chỉ http, modbus của rơ-le."},
	{"The printer {} is not understood; write sim:, tcp:HOST:PORT or file:/dev/….", "Không hiểu máy in {}; hãy ghi sim:, tcp:HOST:PORT hoặc file:/dev/…."},
	{"The address {} of a device is not understood; write HOST:PORT.", "Không hiểu địa chỉ {}; hãy ghi HOST:PORT."},
}

// setup holds the texts of gate init, the questions of a gate's first start.
var setup = area{
	"setup.begin": {
		"Cài đặt cổng trong %s. Enter giữ giá trị trong [ ], - bỏ đi, Ctrl-C thoát mà không ghi gì.",
		"Setting up the gate in %s. Enter keeps what stands in [ ], - takes it away, Ctrl-C leaves without writing.",
	},
	"setup.cloud":    {"Địa chỉ máy chủ (https://…)", "Address of the cloud (https://…)"},
	"setup.code":     {"Mã ghi danh một lần (quản trị cấp ở trang Cổng)", "One-time enrolment code (an administrator makes it on the page Gates)"},
	"setup.asking":   {"Đang hỏi máy chủ…", "Asking the cloud…"},
	"setup.enrolled": {"✓ Cổng %s của %s, %d làn", "✓ Gate %s of %s, %d lanes"},
	"setup.after_cloud": {
		"Enter hỏi lại địa chỉ và mã · g đi tiếp khi chưa có máy chủ",
		"Enter asks for address and code again · g goes on without the cloud",
	},
	"setup.lanes":        {"Các làn của cổng này", "Lanes of this gate"},
	"setup.vision":       {"Chương trình đọc biển số (bỏ trống: gõ tay)", "Program that reads plates (none: they are typed)"},
	"setup.no_program":   {"  ! %s không phải chương trình chạy được.", "  ! %s is no program that can be run."},
	"setup.lane":         {"làn %s", "lane %s"},
	"setup.lane_in":      {"làn vào %s", "IN lane %s"},
	"setup.lane_out":     {"làn ra %s", "OUT lane %s"},
	"setup.camera":       {"Camera của %s", "Camera of %s"},
	"setup.barrier":      {"Barie của %s", "Barrier of %s"},
	"setup.printer":      {"Máy in vé của %s", "Ticket printer of %s"},
	"setup.camera.hint":  {"rtsp://…, http://…, v4l2:/dev/video0, sim:", "rtsp://…, http://…, v4l2:/dev/video0, sim:"},
	"setup.barrier.hint": {"http://…, modbus://…, sim:, none:", "http://…, modbus://…, sim:, none:"},
	"setup.printer.hint": {"tcp:HOST:9100, file:/dev/usb/lp0, sim:", "tcp:HOST:9100, file:/dev/usb/lp0, sim:"},
	"setup.trying":       {"  đang thử…", "  trying…"},
	"setup.after_failure": {
		"a thử lại · g vẫn dùng, đi tiếp · hoặc gõ giá trị khác (- bỏ)",
		"a tries again · g keeps it and goes on · or type another",
	},
	"setup.camera_good":  {"  ✓ có ảnh, %d × %d", "  ✓ a picture of %d × %d"},
	"setup.barrier_good": {"  ✓ hiểu được; chưa mở thử", "  ✓ understood; it was not opened"},
	"setup.printer_good": {"  ✓ đã in một vé thử: hãy xem", "  ✓ a test ticket was printed: look at it"},
	"setup.test_title":   {"VÉ THỬ", "TEST TICKET"},
	"setup.test_foot":    {"Không phải vé gửi xe", "No ticket for parking"},
	"setup.ssh":          {"Địa chỉ cho bảo vệ vào bằng SSH, như 0.0.0.0:2222 (bỏ trống: không)", "Address for consoles over SSH, like 0.0.0.0:2222 (none: no such)"},
	"setup.written":      {"✓ Đã ghi %[1]s. Chạy cổng: gate run --data %[2]s", "✓ %[1]s is written. Start the gate: gate run --data %[2]s"},
}
