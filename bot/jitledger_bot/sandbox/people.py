"""What people do in the sandbox: write, edit, press, send files, make groups."""

from __future__ import annotations

import mimetypes

from aiogram import types

from jitledger.domain.json import Json
from jitledger_bot.sandbox.world import Person, World, without_html


class People(World):
    """Lets people act; whatever they do becomes an update."""

    def add_person(self, person_id: int, name: str, language: str | None = None) -> Person:
        """Let somebody in."""
        person = self.people[person_id] = Person(person_id, name, language)
        self.messages.setdefault(person_id, [])
        return person

    def add_group(self, chat_id: int, title: str, by: int) -> None:
        """Let a person make a group and bring the bot into it; its id is negative."""
        self.groups[chat_id] = title
        self.messages.setdefault(chat_id, [])
        self._post({"my_chat_member": self._moved(chat_id, by, "left", "member")})

    def remove_from_group(self, chat_id: int, by: int) -> None:
        """Let a person remove the bot from a group."""
        self._post({"my_chat_member": self._moved(chat_id, by, "member", "kicked")})

    def _moved(self, chat_id: int, by: int, before: str, after: str) -> dict[str, object]:
        def standing(status: str) -> dict[str, object]:
            more = {"until_date": 0} if status == "kicked" else {}
            return {"user": self.bot_user, "status": status, **more}

        return {
            "chat": self._chat(chat_id),
            "from": self.people[by].as_user(),
            "date": int(self.clock()),
            "old_chat_member": standing(before),
            "new_chat_member": standing(after),
        }

    def say(
        self,
        person_id: int,
        text: str,
        message_id: int | None = None,
        chat_id: int | None = None,
        reply_to: int | None = None,
        thread_id: int | None = None,
    ) -> dict[str, object]:
        """Let a person write a message, in their own chat or in a group; returns it."""
        message = self._written(person_id, chat_id, text=text)
        if reply_to is not None:
            answered = self._find(chat_id or person_id, reply_to)
            message["reply_to_message"] = without_html(answered)
        if thread_id is not None:
            message |= {"message_thread_id": thread_id, "is_topic_message": True}
        if message_id is not None:
            message["message_id"] = message_id
        if text.startswith("/"):
            length = len(text.split()[0].encode("utf-16-le")) // 2
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self._arrive(message)

    def _written(
        self, person_id: int, chat_id: int | None = None, **content: object
    ) -> dict[str, object]:
        """Return a message of a person."""
        return {
            "message_id": self._new_message(),
            "date": int(self.clock()),
            "chat": self._chat(person_id if chat_id is None else chat_id),
            "from": self.people[person_id].as_user(),
            **{key: value for key, value in content.items() if value is not None},
        }

    def _arrive(self, message: Json) -> dict[str, object]:
        types.Message.model_validate(message)
        self.messages[message["chat"]["id"]].append(message)
        if self._is_seen(message):
            self._post({"message": message})
        else:
            self._touch()
        return message

    def _is_seen(self, message: Json) -> bool:
        """Return whether privacy mode lets the bot see a message."""
        if self.reads_groups or message["chat"]["type"] == "private":
            return True
        replied = message.get("reply_to_message", {}).get("from", {}).get("id")
        text = str(message.get("text", ""))
        return text.startswith("/") or replied == self.bot_user["id"]

    def send_document(
        self,
        person_id: int,
        name: str,
        data: bytes,
        caption: str | None = None,
        chat_id: int | None = None,
    ) -> dict[str, object]:
        """Let a person send a file; returns the message."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        document = {**self._file(self.keep(name, data)), "file_name": name, "mime_type": kind}
        return self._arrive(self._written(person_id, chat_id, document=document, caption=caption))

    def send_photo(
        self,
        person_id: int,
        data: bytes,
        size: tuple[int, int],
        caption: str | None = None,
        chat_id: int | None = None,
        album: str | None = None,
    ) -> Json:
        """Let a person send a photo of so many pixels, perhaps of an album; returns the message."""
        number = self.keep("photo.jpg", data)
        photo = [{**self._file(number), "width": size[0], "height": size[1]}]
        more = {} if album is None else {"media_group_id": album}
        return self._arrive(self._written(person_id, chat_id, photo=photo, caption=caption, **more))

    def edit(
        self, person_id: int, message_id: int, text: str, chat_id: int | None = None
    ) -> dict[str, object]:
        """Let a person edit a message, or the caption of a photo or a file."""
        chat = person_id if chat_id is None else chat_id
        message = self._find(chat, message_id)
        what = "text" if "text" in message else "caption"
        edited = {**message, what: text, "edit_date": int(self.clock())}
        self._replace(chat, edited)
        self._post({"edited_message": edited})
        return edited

    def press(self, person_id: int, message_id: int, data: str, chat_id: int | None = None) -> str:
        """Let a person press a button; returns the query's id."""
        person = self.people[person_id]
        chat = person_id if chat_id is None else chat_id
        query = str(self.next_query)
        self.next_query += 1
        self.open_queries.add(query)
        self._post(
            {
                "callback_query": {
                    "id": query,
                    "from": person.as_user(),
                    "chat_instance": str(chat),
                    "message": without_html(self._find(chat, message_id)),
                    "data": data,
                }
            }
        )
        return query

    def deliver_again(self, update: Json) -> None:
        """Deliver an update once more, under a new number."""
        self._post({k: v for k, v in update.items() if k != "update_id"})
