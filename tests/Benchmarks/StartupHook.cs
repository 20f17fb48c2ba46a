using System.Globalization;
using System.Net.Sockets;
using System.Text;

/// <summary>
/// Runs inside the hub that is measured (<c>DOTNET_STARTUP_HOOKS</c>; the name and the lack of a namespace are the runtime's): answers whoever connects with the bytes
/// of managed memory that are still in use.
/// </summary>
internal static class StartupHook
{
    public const string Variable = "HUB_BENCHMARK_SOCKET";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } path)
            new Thread(() => Answer(path)) { IsBackground = true }.Start();
    }

    private static void Answer(string path)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        while (true)
        {
            using var client = listener.Accept();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            client.Send(Encoding.ASCII.GetBytes(GC.GetTotalMemory(forceFullCollection: true).ToString(CultureInfo.InvariantCulture)));
        }
    }
}
