"""Texts that hold nothing private and look as if they might: numbers, code, and prose."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator

ZH = [
    "昨天下午我和几个同事去了新开的书店，店里人不多，灯光也很舒服。",
    "请把下面这段话翻译成英文，语气要正式一些，不要改变原来的意思。",
    "二〇二四年一二月份的气温比往年略高，三三两两的游客在湖边散步。",
    "第一步先把面粉过筛，第二步加入一百二十克水，揉成光滑的面团。",
    "他说话一五一十，从不夸大，大家都愿意听他讲过去的故事。",
    "坐地铁2号线到人民广场站，换乘8号线，再走大约500米就到了。",
    "这部电影的票房突破13.8亿元，成为2023年暑期档的冠军。",
    "服务器的端口从8080改成了8443，超时时间设为3000毫秒。",
    "会议改到2024-03-15 14:30，请大家提前10分钟到场，电话会议也可以。",
    "密码学的基本概念包括对称加密、非对称加密和哈希函数。",
    "如何设置一个安全的密码？密码是保护账户的第一道防线。",
    "这篇文章比较了银行卡和移动支付的优缺点，结论并不意外。",
    "中国的省级行政区包括省、自治区、直辖市和特别行政区。",
    "圆周率约等于3.14159265358979，自然常数约等于2.718281828459045。",
    "新能源汽车的销量在第三季度增长了35.2%，超过了预期。",
    "路边的花开了，街上的人多了起来，村里的老人坐在门口聊天。",
]
EN = [
    "Yesterday we walked to the new bookshop near the river; it was quiet and nobody hurried us.",
    "Please translate the following paragraph into formal English without changing its meaning.",
    "The password must have at least twelve characters; a password is required for every account.",
    "Look at example.com for the details, or read the manual at docs.python.org before you call.",
    "It took us 10 minutes to drive to the station and 25 minutes to find a place to park.",
    "In 1984 the company sold 250,000 units at $2,495.00 each, more than twice as many as in 1983.",
    "Version 2.13.4 fixes a crash, adds 12 options and drops support for Python 3.8 and 3.9.",
    "The GPS coordinates are 39.904211, 116.407395, which is somewhere near the old town.",
    "The meeting moved to 2024-03-15 at 14:30; dial in ten minutes early if you can.",
    "A token is a unit of text; the model reads at most 32768 tokens, prompt and reply together.",
    "Set max_tokens = 4096 and temperature: 0.7, then compare the first 100 answers.",
    "The API key is optional, and the secret is kept in the system's key store.",
    "Romeo and Juliet, Act 2, Scene 2, lines 43 to 44: what's in a name?",
    "The train leaves at 7:45 from platform 9 and arrives at 13:05, every day except Sunday.",
]
CODE = [
    "for i in range(0, 1024, 32):\n    total += values[i] * weights[i % 16]\n",
    'password = os.environ["DB_PASSWORD"]\ntoken = get_token(session)\n',
    "def login(user: str, password: str, *, token: str | None = None) -> Session:\n",
    "git clone git@github.com:someone/project.git && cd project && git checkout 4f2a9c1\n",
    "SELECT id, name FROM orders WHERE created_at > '2024-01-01' AND total >= 199.99 LIMIT 50;\n",
    "const PORT = 8080, RETRIES = 3; // http://127.0.0.1:8080/v1/chat/completions\n",
    "x = torch.randn(64, 3, 224, 224) @ self.weight.T  # shape [64, 3, 224, 10]\n",
    "0x7fff5fbff8c0: mov eax, 0x13\n",
    "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
    '{"max_tokens": 2048, "n_ctx": 32768, "seed": 20240315, "stop": ["<|im_end|>"]}\n',
]


def order_numbers(rng: random.Random) -> str:
    """Eighteen digits: at random, or a date, a time and a serial number, as shops write it."""
    if rng.random() < 0.5:
        number = str(rng.randrange(10**17, 10**18))
    else:
        day = f"{rng.randint(2015, 2026)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
        number = f"{day}{rng.randrange(24):02}{rng.randrange(60):02}{rng.randrange(10**6):06}"
    return rng.choice(["订单号{}已发货", "order {} was shipped", "{}"]).format(number)


def timestamps(rng: random.Random) -> str:
    date = f"{rng.randint(1999, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    time = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
    epoch = str(rng.randrange(1_500_000_000, 1_900_000_000))
    return rng.choice(
        [f"{date}T{time}.{rng.randrange(10**6):06}Z", f"{date} {time}", epoch, epoch + "123"]
    )


def versions(rng: random.Random) -> str:
    parts = ".".join(str(rng.randrange(40)) for _ in range(rng.randint(2, 4)))
    return rng.choice([f"v{parts}", f"{parts}-rc{rng.randrange(9)}", f"package=={parts}"])


def prices(rng: random.Random) -> str:
    amount = f"{rng.randrange(10**7):,}.{rng.randrange(100):02}"
    return rng.choice([f"￥{amount}", f"${amount}", f"{amount} EUR", f"共计{amount}元"])


def hashes(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return f"{rng.getrandbits(256):064x}"


def prose(rng: random.Random) -> str:
    return "".join(rng.choices(rng.choice([ZH, EN]), k=3))


def code(rng: random.Random) -> str:
    return "".join(rng.choices(CODE, k=3))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    maker.__name__: maker
    for maker in (order_numbers, timestamps, versions, prices, hashes, prose, code)
}


def ordinary(seed: int, count: int, kind: str) -> Iterator[str]:
    """So many texts of one kind."""
    rng = random.Random(seed)
    return (MAKERS[kind](rng) for _ in range(count))
