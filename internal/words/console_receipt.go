package words

// consoleReceipts are the console's texts about receipts and early payments.
var consoleReceipts = area{}
