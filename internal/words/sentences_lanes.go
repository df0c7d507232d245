package words

// laneSentences are what a gate says about who stands at its lanes and what
// sees them.
var laneSentences = map[string]string{
	"This vehicle was seen to drive through; it cannot have backed out.":             "Xe này đã đi qua, không thể là lùi ra.",
	"A picture came too late: the next vehicle was there already.":                   "Ảnh đến muộn: xe sau đã tới.",
	"The sensor cannot be asked: its address is wrong.":                              "Không hỏi được cảm biến: sai địa chỉ.",
	"The sensor cannot be reached.":                                                  "Không nối được cảm biến.",
	"The sensor answers neither 0 nor 1.":                                            "Cảm biến không trả lời 0 hay 1.",
	"The Modbus device of a sensor cannot be reached.":                               "Không nối được thiết bị Modbus của cảm biến.",
	"The Modbus device of a sensor does not answer.":                                 "Thiết bị Modbus của cảm biến không trả lời.",
	"The barrier's relay did not answer. Look at the barrier before you open again.": "Rơ-le barie không trả lời. Nhìn barie trước khi mở lại.",
	"From this address the gate can only be looked at.":                              "Từ địa chỉ này chỉ được xem.",
	"Nobody is signed in at this console.":                                           "Chưa ai đăng nhập ở màn hình này.",
	"This console has ended. Connect again to sign in.":                              "Màn hình này đã kết thúc. Hãy kết nối lại để đăng nhập.",
	"The camera that looks for vehicles does not deliver.":                           "Camera dò xe không có ảnh.",
}

// laneValues are those with values in them.
var laneValues = [][2]string{
	{"{} vehicles wait at lane {} already.", "Đã có {1} xe chờ ở làn {2}."},
	{"{} vehicles wait aside at lane {} already.", "Đã có {1} xe chờ bên làn {2}."},
	{"This vehicle is not in front at lane {} yet.", "Xe này chưa lên đầu làn {}."},
	{"This vehicle waits aside at lane {}. Bring it to the front first.", "Xe này đang chờ bên làn {}. Hãy gọi lên trước."},
	{"This vehicle does not wait aside at lane {}.", "Xe này không chờ bên làn {}."},
	{"The vehicle before has not driven through lane {} yet.", "Xe trước chưa đi hết làn {}."},
	{"Another vehicle is paying at lane {}. Wait until it has left.", "Có xe khác đang trả tiền ở làn {}. Chờ xe đó ra rồi làm lại."},
	{"A passage is seen by loop, contact or motion, not by {}.", "Xe qua làn được thấy bằng loop, contact hoặc motion, không phải {}."},
	{"A lane leads in or out, not {}.", "Làn là in hoặc out, không phải {}."},
	{"A vehicle is at lane {}. Let it go first.", "Có xe ở làn {}. Hãy cho xe đi trước."},
	{"{} is working at lane {}.", "{1} đang làm ở làn {2}."},
	{"{} has not signed in at this gate before.", "{} chưa từng đăng nhập ở cổng này."},
	{"{} is at lane {}. Let it go first.", "{1} đang ở làn {2}. Hãy cho xe đi trước."},
	{"A vehicle went through lane {} without an opening.", "Có xe qua làn {} mà không được mở barie."},
	{"{} went through lane {} without an opening.", "{1} qua làn {2} mà không được mở barie."},
	{"A second vehicle went through lane {} on one opening.", "Xe thứ hai qua làn {} trong một lần mở barie."},
	{"{} went through lane {} behind another vehicle, on one opening.", "{1} bám đuôi xe trước qua làn {2}, một lần mở barie."},
	{"Lane {} is gate {}'s; this gate cannot turn it.", "Làn {1} là của cổng {2}; cổng này không đổi chiều được."},
	{
		"Gate {} is heard again: both gates may command the barriers of lanes {}. If it works, give them back here: gate take {} --back. If it does not, switch its machine off.",
		"Lại thấy cổng {1}: cả hai cổng đều có thể mở barie của các làn {2}. Nếu máy đó chạy tốt, hãy trả làn ở đây: gate take {3} --back. Nếu không, hãy tắt máy đó.",
	},
	{
		"Gate {} runs lanes {} of this gate: both may command their barriers. If this machine works, give them back there: gate take {} --back.",
		"Cổng {1} đang chạy các làn {2} của cổng này: cả hai đều có thể mở barie. Nếu máy này chạy tốt, hãy trả làn ở cổng kia: gate take {3} --back.",
	},
	{
		"What stands at lanes {} cannot be opened. Give them back, and take them again: gate take {}.",
		"Không mở được thiết bị ở các làn {1}. Hãy trả các làn đó rồi nhận lại: gate take {2}.",
	},
	{"Gate {} has taken over lanes {} of gate {}.", "Cổng {1} đã nhận chạy các làn {2} của cổng {3}."},
	{"Gate {} has given lanes {} back to gate {}.", "Cổng {1} đã trả các làn {2} cho cổng {3}."},
	{"The sensor answered {}.", "Cảm biến trả lời {}."},
	{"The sensor does not answer: {}.", "Cảm biến không trả lời: {}."},
}
