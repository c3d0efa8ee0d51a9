"""An agent of another program: LangGraph with the tools of langchain-mcp-adapters."""

from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_mcp_adapters.client import MultiServerMCPClient
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from agent.fakes import ScriptedModel, calling
from tests.ui.mcp_server.clients import command
from tests.ui.mcp_server.conftest import ADA, Films


async def test_a_langgraph_agent_asks_and_audits_what_it_says(films: Films) -> None:
    server = command(films.home, ADA)
    client = MultiServerMCPClient(
        {
            "cuepoint": {
                "transport": "stdio",
                "command": server.command,
                "args": server.args,
                "env": server.env,
            }
        }
    )
    async with client.session("cuepoint") as session:
        from langchain_mcp_adapters.tools import load_mcp_tools

        tools = await load_mcp_tools(session)
        names = {tool.name for tool in tools}
        assert {"ask", "add_video", "job_status", "check_answer", "search_frames"} <= names
        ask = calling("ask", question="What is said about the kettle?")
        check = calling("check_answer", text="The kettle is red [0:01]. It is made of gold.")
        model = ScriptedModel(script=[ask, check, AIMessage("The kettle is red [0:01].")])

        async def think(state: MessagesState) -> dict[str, Any]:
            return {"messages": [await model.bind_tools(tools).ainvoke(state["messages"])]}

        graph = StateGraph(MessagesState)
        graph.add_node("think", think)
        graph.add_node("tools", ToolNode(tools))
        graph.add_edge(START, "think")
        graph.add_conditional_edges("think", tools_condition, {"tools": "tools", END: END})
        graph.add_edge("tools", "think")
        question = HumanMessage("What colour is the kettle?")
        done = await graph.compile().ainvoke({"messages": [question]})
    answered, audited = [one for one in done["messages"] if isinstance(one, ToolMessage)]
    assert answered.artifact["structured_content"]["found"]
    assert "speech:" in answered.text and "kettle" in answered.text
    verdicts = [one["verdict"] for one in audited.artifact["structured_content"]["claims"]]
    assert verdicts[0] == "verified" and "verified" not in verdicts[1:]
    assert done["messages"][-1].text == "The kettle is red [0:01]."
