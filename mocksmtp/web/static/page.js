// The entry of every screen: keeps it current, sends actions, and handles keys.
import { startActions } from "./actions.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";

startActions();
startKeys();
startLive();
