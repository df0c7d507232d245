package words

// signs are the texts of a lane's sign, which drivers see.
var signs = area{
	"sign.welcome": {"Xin chào", "Welcome"},
	"sign.free":    {"Còn %d chỗ", "%d free"},
	"sign.full":    {"HẾT CHỖ", "FULL"},
	"sign.fee":     {"Phí %s", "Fee %s"},
	"sign.nothing": {"Không phải trả", "Nothing to pay"},
	"sign.wait":    {"Xin chờ", "Please wait"},
	"sign.go":      {"Mời đi", "Drive on"},
	"sign.place":   {"Chỗ %s", "Place %s"},
}

// signSentences are said of signs.
var signSentences = map[string]string{
	"The sign was not told: the gate is stopping.":                  "Chưa báo ra bảng: máy cổng đang dừng.",
	"The sign was not told: what it should show cannot be written.": "Chưa báo ra bảng: không ghi được nội dung.",
	"The sign cannot be told: its address is wrong.":                "Không gọi được bảng báo: sai địa chỉ.",
	"The sign cannot be reached. Look at its cable and its power.":  "Không kết nối được bảng báo. Xem dây và nguồn.",
}

// signValues are those with values in them.
var signValues = [][2]string{
	{"The address of the sign {} is not understood.", "Không hiểu địa chỉ bảng báo {}."},
	{"The sign {} is not understood; write sim:, tcp:HOST:PORT or an http address.", "Không hiểu bảng báo {}; ghi sim:, tcp:HOST:PORT hoặc địa chỉ http."},
	{"The sign refused: it answered {}.", "Bảng báo từ chối: trả lời {}."},
	{"The sign does not answer: {}.", "Bảng báo không trả lời: {}."},
	{"The sign of lane {} does not answer. Tell drivers what they owe until it is back.", "Bảng báo của làn {} không trả lời. Báo phí cho tài xế cho đến khi có lại."},
	{"There are {} viewers of live pictures already, as many as this gate serves.", "Đã có {} người xem hình trực tiếp, mức tối đa của cổng này."},
	{"Lane {} has no camera for {}.", "Làn {} không có camera {}."},
}
