namespace IntegrationHub.Loading.Packaging;

/// <summary>The signatures of PKWARE's APPNOTE 6.3.10, section 4.3.</summary>
internal static class ZipFormat
{
    public const uint LocalHeader = 0x04034B50;
    public const uint CentralHeader = 0x02014B50;
    public const uint EndRecord = 0x06054B50;
    public const int LocalLength = 30;
    public const int CentralLength = 46;
    public const int EndLength = 22;
}
